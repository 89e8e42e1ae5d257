package io.adapt4j.tools;

/**
 * A text that begins like a call and is none. It is part of the answer's text, so nothing is lost.
 *
 * @param text the text, from the marker of a call to where it stops being one
 * @param reason why it is not a call
 */
public record UnparsedCall(String text, Reason reason) {

  /** Reasons why a text is not a call. */
  public enum Reason {
    /** The answer ends in the call. */
    CUT_OFF,
    /** No tool has this name. */
    UNKNOWN_TOOL,
    /** The arguments are not an object in the notation of the format. */
    INVALID_ARGUMENTS,
    /** The text differs from the format outside of the arguments. */
    INVALID_SYNTAX,
    /** The call exceeds a million characters. */
    TOO_LONG
  }
}
