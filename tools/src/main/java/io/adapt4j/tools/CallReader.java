package io.adapt4j.tools;

/** Reads what follows the sign that calls begin with. */
interface CallReader {

  /** What a character was. */
  enum Step {
    /** A part of a call. */
    MORE,
    /** The last of the calls. */
    DONE,
    /** What is not a part of the calls; {@link #rest} is to be read as text. */
    LEFT,
    /** What cannot be a call; {@link #rest} is to be told as text. */
    BROKEN
  }

  Step accept(char c);

  /** Ends the text: true if there is nothing to tell as text. */
  boolean finish();

  /** What was read since the last complete call, with the sign if there was none. */
  String rest();

  /** Whether a call was complete. */
  boolean hasCall();
}
