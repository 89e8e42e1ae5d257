package io.adapt4j.eval;

import io.adapt4j.eval.spi.Request;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A candidate that receives passages with each question. */
final class GroundedCandidate implements Candidate {

  private static final String BLANK_LINE = "\n\n";

  private final String identity;
  private final Candidate candidate;
  private final Function<String, List<String>> passages;

  GroundedCandidate(String identity, Candidate candidate, Function<String, List<String>> passages) {
    if (identity.isBlank()) {
      throw new IllegalArgumentException("identity: expected a text, found a blank one");
    }
    this.identity = candidate.identity() + " with " + identity;
    this.candidate = candidate;
    this.passages = passages;
  }

  @Override
  public String identity() {
    return identity;
  }

  Candidate candidate() {
    return candidate;
  }

  @Override
  public Replies reply(List<? extends Request> requests) {
    return candidate.reply(grounded(requests));
  }

  @Override
  public Replies reply(List<? extends Request> requests, Arrivals arrivals) {
    return candidate.reply(grounded(requests), arrivals);
  }

  /** Adds the passages to requests. */
  List<Request> grounded(List<? extends Request> requests) {
    Map<String, String> grounded = new HashMap<>();
    return requests.stream().map(request -> grounded(request, grounded)).toList();
  }

  /**
   * Adds the passages to a request; the answers to one question share a context, which is looked up
   * once.
   */
  private Request grounded(Request request, Map<String, String> known) {
    if (request instanceof Request.Likelihood one) {
      return new Request.Likelihood(
          known.computeIfAbsent(one.context(), this::grounded), one.continuation());
    }
    if (request instanceof Request.Answer one) {
      return new Request.Answer(known.computeIfAbsent(one.prompt(), this::grounded), one.options());
    }
    return request;
  }

  private String grounded(String prompt) {
    int end = prompt.stripTrailing().length();
    int blank = prompt.lastIndexOf(BLANK_LINE, end - 1);
    int start = blank < 0 ? 0 : blank + BLANK_LINE.length();
    List<String> found = passages.apply(prompt.substring(start).strip());
    return found.isEmpty()
        ? prompt
        : prompt.substring(0, start)
            + "Context:\n"
            + String.join("\n", found)
            + BLANK_LINE
            + prompt.substring(start);
  }
}
