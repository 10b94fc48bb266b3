// The contenders on Node for execution.py: graphql-jit, which compiles the query once, and graphql-js, which reads
// attributes or asks a DataLoader for every relation.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { buildSchema, execute, parse } from 'graphql'
import { compileQuery } from 'graphql-jit'
import DataLoader from 'dataloader'

const [, , contender, query] = process.argv
const camel = name => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase())
const revived = (key, value) => {
  if (key.endsWith('_at')) return new Date(value)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, it]) => [camel(name), it]))
}
const rootValue = { panels: JSON.parse(readFileSync('node_modules/panels.json', 'utf8'), revived) }

const schema = buildSchema(readFileSync('node_modules/schema.graphql', 'utf8'))
const printed = instant => instant.toISOString().replace('.000', '')
Object.assign(schema.getType('DateTime'), { serialize: printed, coerceOutputValue: printed })

const relations = { Panel: ['interviews'], Interview: ['interviewers'], Interviewer: ['user', 'form'] }
const over = name => new DataLoader(async parents => parents.map(parent => parent[name]))
const loaders = () => Object.fromEntries(Object.values(relations).flat().map(name => [name, over(name)]))
if (contender === 'loaders')
  for (const [type, names] of Object.entries(relations))
    for (const name of names)
      schema.getType(type).getFields()[name].resolve = (parent, _, context) => context[name].load(parent)

const document = parse(query)
const compiled = contender === 'jit' && compileQuery(schema, document)
const answers = {
  jit: () => compiled.query(rootValue, {}, {}),
  js: () => execute({ schema, document, rootValue }),
  loaders: () => execute({ schema, document, rootValue, contextValue: loaders() }),
}
const answer = answers[contender]

console.log(JSON.stringify((await answer()).data))
for await (const line of createInterface({ input: process.stdin })) {
  const times = []
  for (let left = Number(line); left > 0; left--) {
    const begun = process.hrtime.bigint()
    await answer()
    times.push(Number(process.hrtime.bigint() - begun))
  }
  times.sort((a, b) => a - b)
  console.log(times[times.length >> 1])
}
