package io.adapt4j.jinja.internal.value;

import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.IntPredicate;

/** A rendering of a template: its output, and its use of the limits. */
public final class Run {

  /** Number of characters that may be created or scanned for one step. */
  private static final int CHARACTERS_PER_STEP = 16;

  /** Steps between two checks for cancellation. */
  private static final int STEPS_BETWEEN_LOOKS = 4096;

  private static final int LONG_SEARCH = 64;
  private static final int SEARCHED_PER_STEP = 1024;

  private final Clock clock;
  private final long maxSteps;
  private final int maxOutput;
  private final int maxDepth;
  private final IntPredicate isCancelled;
  private final StringBuilder root = new StringBuilder();
  private final List<Block> generated = new ArrayList<>();
  private StringBuilder out = root;
  private long steps;
  private long nextLook = STEPS_BETWEEN_LOOKS;
  private int depth;

  /** Output of a generation block. */
  public record Block(int start, String text, int line) {}

  public Run(Clock clock, long maxSteps, int maxOutput, int maxDepth, IntPredicate isCancelled) {
    this.clock = clock;
    this.maxSteps = maxSteps;
    this.maxOutput = maxOutput;
    this.maxDepth = maxDepth;
    this.isCancelled = isCancelled;
  }

  public Clock clock() {
    return clock;
  }

  public String printed() {
    return root.toString();
  }

  public List<Block> generated() {
    return generated;
  }

  public void generated(String text, int line) {
    generated.add(new Block(root.length(), text, line));
  }

  public void print(String text) {
    grow(out.length(), text.length());
    out.append(text);
  }

  public String capture(Runnable action) {
    StringBuilder before = out;
    StringBuilder captured = new StringBuilder();
    out = captured;
    try {
      action.run();
    } finally {
      out = before;
    }
    return captured.toString();
  }

  public void step(long count) {
    steps += count;
    if (steps >= nextLook) {
      nextLook = steps + STEPS_BETWEEN_LOOKS;
      if (isCancelled.test(root.length())) {
        throw new CancellationException("rendering was cancelled");
      }
    }
    if (steps > maxSteps) {
      throw new Fault(
          "the template took more than "
              + maxSteps
              + " steps; if it is to be trusted, raise maxSteps in RenderOptions");
    }
  }

  /** Counts work on characters or elements that are scanned. */
  public void work(long size) {
    step(1 + size / CHARACTERS_PER_STEP);
  }

  /** Counts a search for a text in another, which can take the product of both lengths. */
  public void search(String text, String sought) {
    work(text.length());
    if (sought.length() > LONG_SEARCH && text.length() > sought.length()) {
      step((long) (text.length() - sought.length()) * sought.length() / SEARCHED_PER_STEP);
    }
  }

  /** Counts a text that is about to be created, and bounds its length. */
  public void make(long length) {
    requireLength(length);
    work(length);
  }

  /** Counts text that is about to be appended. */
  public void grow(long length, long added) {
    requireLength(length + added);
    work(added);
  }

  /** Counts a text that was created from others of about its length. */
  public String made(String text) {
    make(text.length());
    return text;
  }

  /** Counts a list that is about to be created, and bounds its length. */
  public void makeList(long length) {
    requireLength(length);
    step(length);
  }

  private void requireLength(long length) {
    if (length > maxOutput) {
      throw new Fault(
          ("a text or list of %s is longer than %s; if the template is to be trusted, raise"
                  + " maxOutput in RenderOptions")
              .formatted(length, maxOutput));
    }
  }

  /** Enters a level of calls or nested values; {@link #leave} leaves it. */
  public void enter() {
    if (depth >= maxDepth) {
      throw new Fault(
          "calls or values are nested deeper than "
              + maxDepth
              + "; if the template is to be trusted, raise maxDepth in RenderOptions");
    }
    depth++;
  }

  public void leave() {
    depth--;
  }
}
