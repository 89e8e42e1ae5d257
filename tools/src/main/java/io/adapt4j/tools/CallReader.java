package io.adapt4j.tools;

/** Reads the text after the marker that begins calls. */
interface CallReader {

  /** Classification of a character. */
  enum Step {
    /** A part of a call. */
    MORE,
    /** The last of the calls. */
    DONE,
    /** Not a part of the calls; {@link #rest} is read as text. */
    LEFT,
    /** Not a valid call; {@link #rest} is reported as text. */
    BROKEN
  }

  Step accept(char c);

  /** Ends the text; returns true if nothing remains to report as text. */
  boolean finish();

  /** The text since the last complete call, including the marker if there was none. */
  String rest();

  /** Returns whether a call was complete. */
  boolean hasCall();
}
