export default { app: { name: '团' } }
