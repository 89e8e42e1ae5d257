package io.adapt4j.verification.study;

import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.retrieve.Passage;
import java.util.List;
import java.util.Objects;

/**
 * A candidate that reads retrieved passages before it replies: retrieval in front of any other
 * candidate, including likelihoods. The passages precede the prompt, one per line, the best one
 * last, next to the question.
 */
public final class GroundedCandidate implements Candidate {

  private final Candidate model;
  private final PassageFinder finder;
  private final String documents;

  /**
   * Adds retrieval to a candidate.
   *
   * @param model the candidate that replies
   * @param rag source of passages, whose options determine their number; closed by the caller
   * @param documents name of the index's content, to distinguish replies with other documents
   */
  public GroundedCandidate(Candidate model, Rag rag, String documents) {
    this(model, new PassageFinder(rag), documents);
  }

  GroundedCandidate(Candidate model, PassageFinder finder, String documents) {
    this.model = Objects.requireNonNull(model, "model");
    this.finder = finder;
    this.documents = Objects.requireNonNull(documents, "documents");
  }

  @Override
  public String identity() {
    return model.identity() + " after passages of " + documents;
  }

  @Override
  public Replies reply(List<? extends Request> requests) {
    return model.reply(requests.stream().map(this::grounded).toList());
  }

  private Request grounded(Request request) {
    if (request instanceof Request.Likelihood one) {
      return new Request.Likelihood(grounded(one.context()), one.continuation());
    }
    if (request instanceof Request.Answer one) {
      return new Request.Answer(grounded(one.prompt()), one.options());
    }
    throw new UnsupportedOperationException(
        "A text as a whole asks nothing that passages could be found for; evaluate the model"
            + " without retrieval on such tasks");
  }

  private String grounded(String prompt) {
    List<Passage> passages = finder.find(prompt);
    StringBuilder text = new StringBuilder();
    for (int i = passages.size() - 1; i >= 0; i--) {
      text.append(passages.get(i).text().strip().replaceAll("\\s+", " ")).append('\n');
    }
    return text.append(prompt).toString();
  }
}
