package io.adapt4j.rag.trace;

/** Takes the trace of every answer, on the thread that asked. */
@FunctionalInterface
public interface TraceListener {

  /**
   * Takes a trace.
   *
   * @param trace how an answer came about
   */
  void answered(Trace trace);
}
