// A thread of the maintenance pool, as piscina loads it.
module.exports = require('../imported.cjs')(import('./entry.ts'));
