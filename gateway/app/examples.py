"""Queries that show the gateway at work: the tabs of the explorer, and those in the README."""

from typing import Final

from gateway.app.explorer import ExampleQuery

EXAMPLES: Final = (
    ExampleQuery(
        title="Jobs of both clouds",
        query="""\
# Jobs of every backend in one list, newest first.
query NewestJobs {
  otaJobs(first: 10) {
    totalCount
    edges {
      node {
        id
        name { default }
        backend { provider }
        status
        createdAt
        timeoutSeconds
        scope { target { __typename } }
      }
    }
    pageInfo { hasNextPage endCursor }
    sources { backend { name } outcome totalCount error { code message } }
  }
}
""",
    ),
    ExampleQuery(
        title="A dashboard",
        query="""\
# Running upgrades with their tasks by state. Only the counts selected are asked for.
query RunningUpgrades {
  otaJobs(first: 5, filter: { statuses: [IN_PROGRESS], types: [UPGRADE] }) {
    edges {
      node {
        id
        name { text(locale: "en_US") }
        firmware { version }
        taskCounts { total inProgress succeeded failed }
        availableActions
        freshness { ageSeconds source }
      }
    }
  }
}
""",
    ),
    ExampleQuery(
        title="Backends",
        query="""\
# What is connected, what it can do, and how much of its rate is used.
query Backends {
  backends {
    id
    name
    providerTitle
    capabilities
    health { lastSuccessAt lastErrorCode breakers { operationClass state } }
    budget { operation limitPerSecond inUse waiting throttled }
  }
}
""",
    ),
)
