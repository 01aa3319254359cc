"""The written side of the house: YAML files and the environment on one side, core values on the other.

    home        where a workspace is, and what lies where in it         find_home, init_home, Home
    workspace   custagent.yaml as a value                               load_workspace
    agents      agents/<name>.yaml as values                            agent_names, agent_path, load_agent
    validate    every rule that can be checked without a network        validate, check_text
    report      findings as text, JSON, GitHub annotations, JUnit       Report
    editor      new files, and changes that leave the rest of a file    new_agent_text, write_new, add_source, remove_source,
                as it was                                               set_value, append_values
    templates   definitions to begin with                               template_text, template_languages, TEMPLATES
    begun       the answers of a wizard that was not finished           read_begun, keep_begun, forget_begun
    schema      JSON Schemas for editors                                agent_schema, workspace_schema, write_schemas
    secrets     ${NAME} references, and what must never be written      resolve, scrub

Below them: `reader` (YAML text to plain data with places), `scalars` (what an unquoted word means), `findings` (what is
wrong, and where), `shape` (the models' complaints in plain words), `workspace_rules` and `agent_rules` (what a schema
cannot say), `splice` (changes to YAML as text).
"""
