package io.adapt4j.eval;

import io.adapt4j.core.Classification;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A candidate that is a text classifier. */
final class ClassifierCandidate implements Candidate {

  private final String identity;
  private final TextClassifier classifier;

  ClassifierCandidate(String identity, TextClassifier classifier) {
    if (identity.isBlank()) {
      throw new IllegalArgumentException("identity: expected a text, found a blank one");
    }
    this.identity = identity;
    this.classifier = classifier;
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public Replies reply(List<? extends Request> requests) {
    List<String> texts = new ArrayList<>();
    for (Request request : requests) {
      if (!(request instanceof Request.Classification one)) {
        throw new UnsupportedOperationException(
            "The classifier '"
                + identity
                + "' names classes and nothing else; evaluate it by tasks of classes by head");
      }
      texts.add(one.text());
    }
    return new Replies(
        classifier.classifyAll(texts).stream().map(ClassifierCandidate::reply).toList(), 0, 0);
  }

  private static Reply reply(Classification found) {
    Map<String, Double> probabilities = new LinkedHashMap<>();
    found.scores().forEach(score -> probabilities.put(score.label(), score.score()));
    return new Reply.Classes(probabilities);
  }
}
