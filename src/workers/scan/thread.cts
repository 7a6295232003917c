// A scan worker's thread, as piscina loads it.
module.exports = require('../imported.cjs')(import('./entry.ts'));
