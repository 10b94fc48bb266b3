// Mercurius with its JIT over pg: `loaders` batches each relation, `flat` reads a whole answer by one statement.
import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { readFileSync } from 'node:fs'
import pg from 'pg'

const ACCOUNT = process.env.BENCH_ACCOUNT
const INTEGRATION = process.env.BENCH_INTEGRATION
const FEEDBACK = 'http://127.0.0.1:8000/feedback/'
const local = name => readFileSync(new URL(name, import.meta.url), 'utf8')
const NAMES = ['profile', 'list', 'push_look_up', 'push_lock', 'push_write', 'push_bookings', 'push_log']
const SQL = Object.fromEntries(NAMES.map(name => [name, local(`sql/${name}.sql`)]))

// Instants stay text: 2045-01-02 08:00:00+00 as 2045-01-02T08:00:00Z.
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, text => `${text.slice(0, 10)}T${text.slice(11, -3)}Z`)
pg.types.setTypeParser(pg.types.builtins.INT8, Number)
const pool = new pg.Pool({
  connectionString: process.env.BENCH_DATABASE_URL,
  max: 10,
  idleTimeoutMillis: 3000,
  options: '-c TimeZone=UTC'
})

/** The rows of a statement, prepared once a connection under its name. */
async function rows (name, text, ...values) {
  return (await pool.query({ name, text, values })).rows
}

const STATUS = `CASE
  WHEN canceled_at IS NOT NULL THEN 'CANCELED'
  WHEN tentative THEN 'TENTATIVE'
  WHEN ends_at > now() THEN 'SCHEDULED'
  WHEN feedback_due > 0 THEN 'AWAITING_FEEDBACK'
  ELSE 'COMPLETE'
END`
const PANEL = `id, candidate_id, external_url AS "externalUrl", ${STATUS} AS status, timezone, note,
  starts_at AS "startsAt", ends_at AS "endsAt", version`
const CANDIDATE = 'id, name, headline, emails, stage_id'

const edges = nodes => nodes.map(node => ({ node }))

function grouped (found, column, keys) {
  const groups = new Map(keys.map(key => [key, []]))
  for (const row of found) groups.get(row[column]).push(row)
  return keys.map(key => groups.get(key))
}

async function byId (name, columns, table, ids) {
  const found = await rows(name, `SELECT ${columns} FROM ${table} WHERE id = ANY($1)`, [...new Set(ids)])
  const known = new Map(found.map(row => [row.id, row]))
  return ids.map(id => known.get(id) ?? null)
}

/** A loader that batches only: its cache would write each parent down as its key. */
const uncached = loader => ({ loader, opts: { cache: false } })

const batched = {
  resolvers: {
    Query: {
      candidate: async (_, { id }) => {
        const text = `SELECT ${CANDIDATE} FROM candidate WHERE id = $1 AND account_id = $2`
        return (await rows('candidate', text, id, ACCOUNT))[0] ?? null
      },
      candidates: async (_, { first }) => {
        const text = `SELECT ${CANDIDATE} FROM candidate WHERE account_id = $1 AND archived_at IS NULL
          ORDER BY name, id LIMIT $2`
        const found = await rows('candidates', text, ACCOUNT, first + 1)
        return { edges: edges(found.slice(0, first)), pageInfo: { hasNextPage: found.length > first } }
      }
    }
  },
  loaders: {
    Candidate: {
      stage: uncached(asked => byId('stages', 'id, name', 'stage', asked.map(({ obj }) => obj.stage_id))),
      interviewPanels: uncached(async asked => {
        const { first, upcomingOnly } = asked[0].params
        const ids = asked.map(({ obj }) => obj.id)
        const found = await rows(upcomingOnly ? 'upcoming' : 'panels', `
          SELECT its.* FROM unnest($1::text[]) AS parent (id), LATERAL (
            SELECT ${PANEL} FROM panel
            WHERE candidate_id = parent.id AND account_id = $2 AND canceled_at IS NULL
              ${upcomingOnly ? 'AND ends_at > now()' : ''}
            ORDER BY listed_at, panel.id LIMIT $3
          ) AS its`, ids, ACCOUNT, first)
        return grouped(found, 'candidate_id', ids).map(panels => ({ edges: edges(panels) }))
      })
    },
    InterviewPanel: {
      interviews: uncached(async asked => {
        const ids = asked.map(({ obj }) => obj.id)
        const found = await rows('interviews', `
          SELECT id, panel_id, subject, location, meeting_url AS "meetingUrl", starts_at AS "startsAt",
            ends_at AS "endsAt", (extract(epoch FROM ends_at - starts_at) / 60)::int AS "durationMinutes"
          FROM interview WHERE panel_id = ANY($1) AND canceled_at IS NULL
          ORDER BY interview.starts_at, id`, ids)
        return grouped(found, 'panel_id', ids)
      })
    },
    Interview: {
      interviewers: uncached(async asked => {
        const ids = asked.map(({ obj }) => obj.id)
        const found = await rows('interviewers', `
          SELECT interview_id, user_id, form_id, response_status AS "responseStatus",
            feedback_required AS "feedbackRequired"
          FROM interviewer WHERE interview_id = ANY($1) ORDER BY position, id`, ids)
        return grouped(found, 'interview_id', ids)
      })
    },
    Interviewer: {
      user: uncached(asked => byId('users', 'id, name, email', '"user"', asked.map(({ obj }) => obj.user_id))),
      feedbackForm: uncached(async asked => {
        const found = await byId('forms', 'id, status', 'feedback_form', asked.map(({ obj }) => obj.form_id))
        for (const form of found) if (form) form.url = FEEDBACK + form.id
        return found
      })
    }
  }
}

function candidate (row) {
  return {
    id: row.c_id,
    name: row.c_name,
    headline: row.headline,
    emails: row.emails,
    stage: { id: row.s_id, name: row.s_name },
    interviewPanels: { edges: [] }
  }
}

function panel (row) {
  return {
    id: row.p_id,
    externalUrl: row.external_url,
    status: row.p_status,
    timezone: row.timezone,
    note: row.note,
    startsAt: row.p_starts_at,
    endsAt: row.p_ends_at,
    version: row.version,
    interviews: []
  }
}

function interview (row) {
  return {
    id: row.i_id,
    subject: row.subject,
    location: row.location,
    meetingUrl: row.meeting_url,
    startsAt: row.i_starts_at,
    endsAt: row.i_ends_at,
    durationMinutes: row.duration_minutes,
    interviewers: []
  }
}

function interviewer (row) {
  return {
    responseStatus: row.response_status,
    feedbackRequired: row.feedback_required,
    user: { id: row.u_id, name: row.u_name, email: row.email },
    feedbackForm: row.f_id && { id: row.f_id, url: FEEDBACK + row.f_id, status: row.f_status }
  }
}

/** Candidates, panels and what is below them from flat rows, in the order of the rows. */
function nested (found) {
  const candidates = []
  let atCandidate, atPanel, atInterview
  for (const row of found) {
    if (atCandidate?.id !== row.c_id) candidates.push(atCandidate = candidate(row))
    if (!row.p_id) continue
    if (atPanel?.id !== row.p_id) atCandidate.interviewPanels.edges.push({ node: atPanel = panel(row) })
    if (!row.i_id) continue
    if (atInterview?.id !== row.i_id) atPanel.interviews.push(atInterview = interview(row))
    if (row.r_id) atInterview.interviewers.push(interviewer(row))
  }
  return candidates
}

const flat = {
  resolvers: {
    Query: {
      candidate: async (_, { id }) => nested(await rows('profile', SQL.profile, id, ACCOUNT))[0] ?? null,
      candidates: async (_, { first }) => {
        const found = nested(await rows('list', SQL.list, ACCOUNT))
        return { edges: edges(found.slice(0, first)), pageInfo: { hasNextPage: found.length > first } }
      }
    },
    Mutation: { upsertInterviewPanel: push }
  }
}

const newId = prefix => `${prefix}_${randomBytes(13).toString('hex')}`
const utc = instant => `${instant.toISOString().slice(0, 19)}Z`

/** A new panel, in one transaction. What a panel that exists needs is left out: the benchmark pushes none. */
async function push (_, { input: its }) {
  const now = new Date()
  const client = await pool.connect()
  const said = async (name, ...values) => (await client.query({ name, text: SQL[name], values })).rows
  try {
    await client.query('BEGIN')
    const emails = [...new Set(its.interviews.flatMap(interview => interview.interviewers.map(({ email }) => email)))]
    const [found] = await said('push_look_up', ACCOUNT, its.candidateExternalId, emails)
    const { users } = found
    if (found.archived_at || emails.some(email => !users[email])) throw new Error('nobody of that name')
    if ((await said('push_lock', INTEGRATION, its.externalId)).length) throw new Error('the panel exists')
    const id = newId('pan')
    const interviews = its.interviews.map(({ externalId, subject, startsAt, durationMinutes }) => {
      const starts = new Date(startsAt)
      const ends = new Date(starts.getTime() + durationMinutes * 60_000)
      return { id: newId('itv'), externalId, subject, startsAt: utc(starts), endsAt: utc(ends), interviewers: [] }
    })
    const seats = its.interviews.flatMap(({ interviewers }, place) => interviewers.map(({ email }, position) => {
      const form = newId('frm')
      interviews[place].interviewers.push({
        user: { id: users[email], email },
        feedbackForm: { id: form, url: FEEDBACK + form, status: 'PENDING' }
      })
      return { id: newId('ivr'), interview: interviews[place].id, user: users[email], position, form }
    }))
    const startsAt = interviews.map(each => each.startsAt).sort()[0]
    const endsAt = interviews.map(each => each.endsAt).sort().at(-1)
    const column = (rows, name) => rows.map(row => row[name])
    await said('push_write', ACCOUNT, INTEGRATION, found.id, found.stage_id, id, its.externalId, its.externalUrl,
      its.timezone, its.note, its.sequence, startsAt, endsAt, now, its.interviews[0].feedbackTemplateId,
      ...['id', 'externalId', 'subject', 'startsAt', 'endsAt'].map(name => column(interviews, name)),
      ...['id', 'interview', 'user', 'position', 'form'].map(name => column(seats, name)), found.owner_id)
    const booked = await said('push_bookings', ACCOUNT, Object.values(users), startsAt, endsAt, id)
    if (booked.length) throw new Error("the benchmark's pushes overlap with nothing")
    await said('push_log', ACCOUNT, id, found.id, INTEGRATION, now, column(seats, 'form'), column(seats, 'user'))
    await client.query('COMMIT')
    const panel = { id, externalId: its.externalId, status: 'SCHEDULED', startsAt, endsAt, version: 1, interviews }
    return { outcome: 'CREATED', panel, warnings: [], errors: [] }
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

const app = Fastify({ logger: false })
await app.register(mercurius, {
  schema: local('schema.graphql'),
  ...(process.argv[2] === 'flat' ? flat : batched),
  jit: 1,
  graphiql: false
})
await app.listen({ host: '127.0.0.1', port: Number(process.env.BENCH_PORT) })
