package io.adapt4j.core.internal.chat;

/** A tokenized conversation. The arrays are not copied: treat them as read-only. */
// No equality by content. Copying the arrays in every call would cost more than it is worth.
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
