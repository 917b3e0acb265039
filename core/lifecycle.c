/* lifecycle.c - the table of move.def as data. */
#include "rectify/core.h"

const struct move lifecycle_moves[] = {
#define MOVE(rule, COMMAND, FROM, TO) {rule, COMMAND_##COMMAND, STATUS_##FROM, STATUS_##TO},
#include "rectify/move.def"
#undef MOVE
};
const uint32_t lifecycle_move_count = sizeof lifecycle_moves / sizeof *lifecycle_moves;

const struct move *lifecycle_move(uint32_t command, uint32_t from) {
  for (uint32_t i = 0; i < lifecycle_move_count; i++)
    if (lifecycle_moves[i].command == command && lifecycle_moves[i].from == from) return &lifecycle_moves[i];
  return NULL;
}
