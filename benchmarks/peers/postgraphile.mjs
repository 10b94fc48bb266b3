// PostGraphile 5 over our tables, with the derived columns and the lists it can't guess as functions (postgraphile.sql).
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import pg from 'pg'
import { grafserv } from 'postgraphile/grafserv/node'
import { postgraphile } from 'postgraphile'
import { makePgService } from 'postgraphile/adaptors/pg'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'

// All that it needs of Node 22.
Promise.withResolvers ??= () => {
  const its = {}
  its.promise = new Promise((resolve, reject) => Object.assign(its, { resolve, reject }))
  return its
}

const connectionString = process.env.BENCH_DATABASE_URL
const client = new pg.Client({ connectionString })
await client.connect()
await client.query(readFileSync(new URL('sql/postgraphile.sql', import.meta.url), 'utf8'))
await client.end()

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString, schemas: ['public'], poolConfig: { max: 10, idleTimeoutMillis: 3000 } })],
  schema: { defaultBehavior: 'connection list' },
  grafserv: { graphiql: false, watch: false }
})
await instance.getSchema()
const server = createServer()
await instance.createServ(grafserv).addTo(server)
server.listen(Number(process.env.BENCH_PORT), '127.0.0.1')
