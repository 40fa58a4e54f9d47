"""Queries that show the gateway at work: the tabs of the explorer, and those in the README."""

from typing import Final

from gateway.app.explorer import ExampleQuery

EXAMPLES: Final = (
    ExampleQuery(
        title="The newest jobs of all clouds in one list",
        query="""\
query NewestJobs {
  otaJobs(first: 3) {
    totalCount
    edges {
      node {
        name { default }
        backend { provider }
        status
        timeoutSeconds
        createdAt
        scope { target { __typename } }
      }
    }
    sources { backend { name } outcome }
  }
}
""",
    ),
    ExampleQuery(
        title="A dashboard: only the counts that are selected are asked for",
        query="""\
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
        title="What is connected, what it can do, and how much of its rate is used",
        query="""\
query Backends {
  backends {
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
