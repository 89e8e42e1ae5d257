package io.adapt4j.rag.trace;

/** Receives the trace of every answer, on the calling thread. */
@FunctionalInterface
public interface TraceListener {

  /**
   * Receives a trace.
   *
   * @param trace trace of an answer
   */
  void answered(Trace trace);
}
