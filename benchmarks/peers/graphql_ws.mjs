// graphql-ws and graphql-js: what is posted to /publish is delivered to all who subscribe.
import { useServer } from 'graphql-ws/use/ws'
import { buildSchema } from 'graphql'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

/** One subscriber's queue, as an async iterator. */
class Queue {
  changes = []
  wake = null

  push (change) {
    if (this.wake) {
      this.wake({ value: change, done: false })
      this.wake = null
    } else {
      this.changes.push(change)
    }
  }

  next () {
    if (this.changes.length) return Promise.resolve({ value: this.changes.shift(), done: false })
    return new Promise(resolve => { this.wake = resolve })
  }

  return () {
    queues.delete(this)
    this.wake?.({ value: undefined, done: true })
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator] () { return this }
}

const queues = new Set()

const schema = buildSchema(readFileSync(new URL('follow_schema.graphql', import.meta.url), 'utf8'))
schema.getSubscriptionType().getFields().interviewPanelChanges.subscribe = () => {
  const queue = new Queue()
  queues.add(queue)
  return queue
}

const server = createServer((request, response) => {
  let body = ''
  request.on('data', chunk => { body += chunk })
  request.on('end', () => {
    const change = { interviewPanelChanges: JSON.parse(body) }
    response.writeHead(200, { 'content-length': 2 }).end('{}')
    for (const queue of queues) queue.push(change)
  })
})
useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }))
server.listen(Number(process.env.BENCH_PORT), '127.0.0.1', 2048)
