package io.adapt4j.core.internal.chat;

/** A conversation as tokens. Not copied in or out: treat the arrays as read-only. */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record EncodedChat(String text, int[] ids, boolean[] assistantMask) {

  /** Creates an encoded conversation. */
  public EncodedChat {
    if (ids.length != assistantMask.length) {
      throw new IllegalArgumentException(
          "a mask needs one value a token, found %s for %s tokens"
              .formatted(assistantMask.length, ids.length));
    }
  }
}
