/* state.c - the signer's file: the last head it signed, as the signed note that it handed out. */
#include <stdio.h>
#include <string.h>

#include "sign/secret.h"
#include "sign/signer.h"

static bool note_fits(const struct note_signer *signer, struct signer_state *state) {
  struct note note;
  return note_parse(state->note, state->note_length, &note) && note_is_signed_by(&note, &signer->verifier, NULL) &&
         checkpoint_parse(note.text, note.text_length, &state->last) &&
         checkpoint_is_of(&state->last, signer->verifier.name);
}

bool signer_state_load(const char *path, const struct note_signer *signer, struct signer_state *out, char *error,
                       size_t error_bytes) {
  memset(out, 0, sizeof *out);
  if (!secret_read(path, out->note, sizeof out->note, &out->note_length, error, error_bytes)) return false;
  if (note_fits(signer, out)) return true;
  snprintf(error, error_bytes, "%s: is not a head that this key signed", path);
  return false;
}

bool signer_state_keep(const char *path, const struct signer_state *state, char *error, size_t error_bytes) {
  return secret_replace(path, state->note, state->note_length, error, error_bytes);
}
