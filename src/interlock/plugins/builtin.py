"""What Interlock itself brings: name -> `module:attribute` for each of the four groups.

It is a table of strings, so that a built-in loads without a look at what is installed.
"""

from __future__ import annotations

from collections.abc import Mapping

SESSION_TYPES = "interlock.session_types"
AGENTS = "interlock.agents"
ENVIRONMENTS = "interlock.environments"
EXPORTERS = "interlock.exporters"

NOUNS: Mapping[str, str] = {
    SESSION_TYPES: "session type",
    AGENTS: "agent",
    ENVIRONMENTS: "environment",
    EXPORTERS: "exporter",
}
"""The entry-point groups, each with the word for one of its members."""

BUILTIN: Mapping[str, Mapping[str, str]] = {
    SESSION_TYPES: {
        "mend": "interlock.session_types.mend:Mend",
        "change": "interlock.session_types.change:Change",
        "agent_task": "interlock.session_types.agent_task:AgentTask",
        "chat": "interlock.session_types.chat:Chat",
        "component_spec": "interlock.session_types.component_spec:ComponentSpec",
        "context_spec": "interlock.session_types.context_spec:ContextSpec",
        "component_coding": "interlock.session_types.component_coding:ComponentCoding",
        "component_test": "interlock.session_types.component_test:ComponentTest",
        "component_design_review": (
            "interlock.session_types.component_design_review:ComponentDesignReview"
        ),
        "context_design": "interlock.session_types.context_design:ContextDesign",
        "context_coding": "interlock.session_types.context_coding:ContextCoding",
        "context_testing": "interlock.session_types.context_testing:ContextTesting",
        "integration": "interlock.session_types.integration:Integration",
        "project_setup": "interlock.session_types.project_setup:ProjectSetup",
    },
    AGENTS: {
        "claude-code": "interlock.agents.claude_code:ClaudeCode",
        "codex": "interlock.agents.codex:Codex",
        "gemini": "interlock.agents.gemini:Gemini",
        "opencode": "interlock.agents.opencode:OpenCode",
        "aider": "interlock.agents.aider:Aider",
        "program": "interlock.agents.program:Program",
        "playback": "interlock.agents.playback:Playback",
    },
    ENVIRONMENTS: {
        "local": "interlock.environments.local:Local",
        "clone": "interlock.environments.clone:Clone",
        "worktree": "interlock.environments.worktree:Worktree",
        "vscode": "interlock.environments.vscode:VSCode",
    },
    EXPORTERS: {
        "json": "interlock.exporters.json:export",
        "markdown": "interlock.exporters.markdown:export",
    },
}
