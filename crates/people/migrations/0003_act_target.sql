-- What was done to one person or thing.
CREATE INDEX people_act_target ON people_act (target, id);
