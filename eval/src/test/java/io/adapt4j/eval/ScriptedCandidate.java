package io.adapt4j.eval;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;

/** Replies as a test says, and remembers what it was asked. */
class ScriptedCandidate implements Candidate {

  final List<Request> asked = new ArrayList<>();
  private final String identity;
  private final ToDoubleFunction<Request.Likelihood> likelihood;
  private final UnaryOperator<String> answer;
  private int failsAfter = Integer.MAX_VALUE;

  ScriptedCandidate(
      String identity,
      ToDoubleFunction<Request.Likelihood> likelihood,
      UnaryOperator<String> answer) {
    this.identity = identity;
    this.likelihood = likelihood;
    this.answer = answer;
  }

  static ScriptedCandidate answering(String identity, UnaryOperator<String> answer) {
    return new ScriptedCandidate(identity, request -> -1, answer);
  }

  ScriptedCandidate failingAfter(int requests) {
    failsAfter = requests;
    return this;
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public Replies reply(List<? extends Request> requests) {
    if (asked.size() + requests.size() > failsAfter) {
      throw new IllegalStateException("killed");
    }
    asked.addAll(requests);
    return new Replies(requests.stream().map(this::reply).toList(), requests.size(), 0);
  }

  private Reply reply(Request request) {
    if (request instanceof Request.Likelihood one) {
      return new Reply.Likelihood(likelihood.applyAsDouble(one), 1, false);
    }
    if (request instanceof Request.WholeText one) {
      return new Reply.Likelihood(-one.text().length(), one.text().length(), false);
    }
    return new Reply.Text(answer.apply(((Request.Answer) request).prompt()), FinishReason.STOP);
  }
}
