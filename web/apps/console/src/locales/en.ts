export default { app: { name: 'Tuan' } }
