package io.adapt4j.eval;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.util.List;
import java.util.function.Function;

/** Whatever is evaluated: a model, a model with documents to look up, a server. */
public interface Candidate {

  /**
   * Identifies everything that decides the replies, so that kept ones are never taken for those of
   * another candidate.
   *
   * @return a text that stays the same from run to run
   */
  String identity();

  /**
   * Replies to requests.
   *
   * @param requests all of one kind
   * @return one reply a request, in their order
   * @throws UnsupportedOperationException if the candidate cannot reply to requests of this kind
   */
  Replies reply(List<? extends Request> requests);

  /**
   * Replies to requests, and hands each reply on as soon as it is there. Where replies are kept, a
   * process that is killed loses none that was handed on. Unless an implementation does better they
   * are handed on when all are there.
   *
   * @param requests all of one kind
   * @param arrivals takes each reply once, one at a time, in any order
   * @return one reply a request, in their order
   * @throws UnsupportedOperationException if the candidate cannot reply to requests of this kind
   * @throws IllegalStateException if {@link #reply(List)} gives too few or too many replies
   */
  default Replies reply(List<? extends Request> requests, Arrivals arrivals) {
    Replies all = reply(requests);
    if (all.replies().size() != requests.size()) {
      throw new IllegalStateException(
          "The candidate '%s' gave %s replies to %s requests"
              .formatted(identity(), all.replies().size(), requests.size()));
    }
    for (int i = 0; i < requests.size(); i++) {
      arrivals.arrived(i, all.replies().get(i));
    }
    return all;
  }

  /** Takes replies as they come. */
  @FunctionalInterface
  interface Arrivals {

    /**
     * Takes a reply.
     *
     * @param index the number of its request, from 0
     * @param reply the reply
     */
    void arrived(int index, Reply reply);
  }

  /**
   * Replies and what they cost.
   *
   * @param replies one a request
   * @param promptTokens tokens that were read; 0 where they are not counted
   * @param newTokens tokens that were produced; 0 where they are not counted
   */
  record Replies(List<Reply> replies, long promptTokens, long newTokens) {

    /**
     * Copies the list.
     *
     * @param replies one a request
     * @param promptTokens tokens that were read; 0 where they are not counted
     * @param newTokens tokens that were produced; 0 where they are not counted
     */
    public Replies {
      replies = List.copyOf(replies);
    }
  }

  /**
   * Evaluates a model by its likelihoods and by what it generates from prompts as they are, without
   * its chat template, as base models are evaluated. The model is evaluated with the adapters that
   * are in use at that time.
   *
   * @param model the model, which the caller closes
   * @return the candidate
   * @throws IllegalArgumentException if an adapter in use is not on disk: {@link #of(LanguageModel,
   *     String)} takes an identity for such a model
   */
  static Candidate of(LanguageModel model) {
    Texts.require("model", model);
    return new LocalCandidate(model, false);
  }

  /**
   * Evaluates a model as {@link #of(LanguageModel)} does, under an identity of one's own.
   *
   * @param model the model, which the caller closes
   * @param identity what tells it from all others; where replies are kept, another one for every
   *     other adapter
   * @return the candidate
   */
  static Candidate of(LanguageModel model, String identity) {
    return new LocalCandidate(model, false, identity);
  }

  /**
   * Evaluates a model by its likelihoods, and by what it answers to prompts as a user's messages in
   * its chat template.
   *
   * @param model a model with a chat template, which the caller closes
   * @return the candidate
   * @throws IllegalArgumentException if it has no chat template, or an adapter in use is not on
   *     disk: {@link #chat(LanguageModel, String)} takes an identity for such a model
   */
  static Candidate chat(LanguageModel model) {
    return new LocalCandidate(model, true);
  }

  /**
   * Evaluates a model as {@link #chat(LanguageModel)} does, under an identity of one's own.
   *
   * @param model a model with a chat template, which the caller closes
   * @param identity what tells it from all others; where replies are kept, another one for every
   *     other adapter or template
   * @return the candidate
   * @throws IllegalArgumentException if it has no chat template
   */
  static Candidate chat(LanguageModel model, String identity) {
    return new LocalCandidate(model, true, identity);
  }

  /**
   * Evaluates anything that answers: a server, a model that looks documents up, a function. It has
   * no likelihoods.
   *
   * @param generator a generator with an identity
   * @return the candidate
   * @throws IllegalArgumentException if the generator has no identity
   */
  static Candidate of(TextGenerator generator) {
    return new GeneratorCandidate(generator);
  }

  /**
   * Evaluates a classifier's output layer, by tasks of classes by head.
   *
   * @param identity names the classifier and whatever else decides its answers, such as its folder;
   *     kept replies are found by it
   * @param classifier a classifier of one class a text, which the caller closes
   * @return the candidate
   * @throws IllegalArgumentException if the identity is blank
   */
  static Candidate of(String identity, TextClassifier classifier) {
    return new ClassifierCandidate(identity, classifier);
  }

  /**
   * Gives a candidate passages with each question, so that the same tasks tell what looking up is
   * worth. The question is what follows the last blank line of a prompt, so that examples before it
   * are not looked up; the passages go before it, after a line {@code Context:}. The time that
   * looking up takes counts as the candidate's. Whole texts and texts to classify are left as they
   * are.
   *
   * @param identity names what is looked up, and how; with the candidate's own identity it finds
   *     kept replies
   * @param candidate whoever answers
   * @param passages finds passages for a question, the best first; none leave the prompt as it is
   * @return the candidate
   * @throws IllegalArgumentException if the identity is blank
   */
  static Candidate grounded(
      String identity, Candidate candidate, Function<String, List<String>> passages) {
    return new GroundedCandidate(identity, candidate, passages);
  }
}
