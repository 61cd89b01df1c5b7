#pragma once

#include <yaml.h>

// One event of a document as plain values, because the library's own is a union of pointers.
// Texts belong to the event and go with it.
struct yaml_step {
    int kind;
    size_t line, column;
    const char *value, *tag, *anchor;
    size_t value_length;
    int is_plain;
};

// 0 where the text is no YAML.
static inline int yaml_step_next(yaml_parser_t *parser, yaml_event_t *event,
                                 struct yaml_step *step) {
    memset(step, 0, sizeof *step);
    if (!yaml_parser_parse(parser, event)) return 0;
    step->kind = event->type;
    step->line = event->start_mark.line;
    step->column = event->start_mark.column;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        step->anchor = (const char *)event->data.alias.anchor;
        break;
    case YAML_SCALAR_EVENT:
        step->value = (const char *)event->data.scalar.value;
        step->value_length = event->data.scalar.length;
        step->tag = (const char *)event->data.scalar.tag;
        step->anchor = (const char *)event->data.scalar.anchor;
        step->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        break;
    case YAML_SEQUENCE_START_EVENT:
        step->tag = (const char *)event->data.sequence_start.tag;
        step->anchor = (const char *)event->data.sequence_start.anchor;
        break;
    case YAML_MAPPING_START_EVENT:
        step->tag = (const char *)event->data.mapping_start.tag;
        step->anchor = (const char *)event->data.mapping_start.anchor;
        break;
    default: break;
    }
    return 1;
}
