package io.adapt4j.eval;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.util.List;
import java.util.function.Function;

/** A system under evaluation: a model, a model with retrieved documents, a server. */
public interface Candidate {

  /**
   * Returns the identity of everything that decides the replies, so that stored ones are never
   * reused for another candidate.
   *
   * @return a text that stays the same from run to run
   */
  String identity();

  /**
   * Replies to requests.
   *
   * @param requests requests, all of one kind
   * @return one reply per request, in order
   * @throws UnsupportedOperationException if the candidate cannot reply to requests of this kind
   */
  Replies reply(List<? extends Request> requests);

  /**
   * Replies to requests and passes on each reply as soon as it is complete. If replies are stored,
   * a killed process loses none that was passed on. Unless an implementation overrides it, they are
   * passed on when all are complete.
   *
   * @param arrivals receives each reply once, one at a time, in any order
   * @return one reply per request, in order
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

  /** Receives replies as they arrive. */
  @FunctionalInterface
  interface Arrivals {

    /**
     * Receives a reply.
     *
     * @param index index of its request, from 0
     * @param reply the reply
     */
    void arrived(int index, Reply reply);
  }

  /**
   * Replies and their token counts.
   *
   * @param replies one per request
   * @param promptTokens number of prompt tokens; 0 if not counted
   * @param newTokens number of generated tokens; 0 if not counted
   */
  record Replies(List<Reply> replies, long promptTokens, long newTokens) {

    /** Copies the list. */
    public Replies {
      replies = List.copyOf(replies);
    }
  }

  /**
   * Evaluates a model by its likelihoods and by its continuations of plain prompts, without its
   * chat template, as base models are evaluated. The model is evaluated with the adapters active at
   * that time.
   *
   * @param model the model, which the caller closes
   * @return the candidate
   * @throws IllegalArgumentException if an active adapter is not on disk: {@link #of(LanguageModel,
   *     String)} takes an identity for such a model
   */
  static Candidate of(LanguageModel model) {
    Texts.require("model", model);
    return new LocalCandidate(model, false);
  }

  /**
   * Evaluates a model as {@link #of(LanguageModel)} does, with a given identity.
   *
   * @param identity unique identity; if replies are stored, a different one for every adapter
   * @return the candidate
   */
  static Candidate of(LanguageModel model, String identity) {
    return new LocalCandidate(model, false, identity);
  }

  /**
   * Evaluates a model by its likelihoods, and by its answers to prompts as user messages in its
   * chat template.
   *
   * @param model a model with a chat template, which the caller closes
   * @return the candidate
   * @throws IllegalArgumentException if it has no chat template, or an active adapter is not on
   *     disk: {@link #chat(LanguageModel, String)} takes an identity for such a model
   */
  static Candidate chat(LanguageModel model) {
    return new LocalCandidate(model, true);
  }

  /**
   * Evaluates a model as {@link #chat(LanguageModel)} does, with a given identity.
   *
   * @param identity unique identity; if replies are stored, a different one for every adapter or
   *     template
   * @return the candidate
   * @throws IllegalArgumentException if it has no chat template
   */
  static Candidate chat(LanguageModel model, String identity) {
    return new LocalCandidate(model, true, identity);
  }

  /**
   * Evaluates a text generator: a server, a model with retrieval, a function. It has no
   * likelihoods.
   *
   * @param generator a generator with an identity
   * @return the candidate
   * @throws IllegalArgumentException if the generator has no identity
   */
  static Candidate of(TextGenerator generator) {
    return new GeneratorCandidate(generator);
  }

  /**
   * Evaluates a classifier's output layer, on tasks of classes by head.
   *
   * @param identity identifies the classifier and everything else that decides its answers, such as
   *     its folder; the key of stored replies
   * @param classifier a classifier of one class per text, which the caller closes
   * @return the candidate
   * @throws IllegalArgumentException if the identity is blank
   */
  static Candidate of(String identity, TextClassifier classifier) {
    return new ClassifierCandidate(identity, classifier);
  }

  /**
   * Adds retrieved passages to each question of a candidate, so that the same tasks measure the
   * benefit of retrieval. The question is the text after the last blank line of a prompt, so that
   * examples before it are not looked up; the passages are inserted before it, after a line {@code
   * Context:}. Retrieval time counts as the candidate's. Whole texts and texts to classify are left
   * unchanged.
   *
   * @param identity identifies the retrieval; together with the candidate's identity it is the key
   *     of stored replies
   * @param candidate the candidate that answers
   * @param passages finds passages for a question, the best first; without any the prompt is
   *     unchanged
   * @return the candidate
   * @throws IllegalArgumentException if the identity is blank
   */
  static Candidate grounded(
      String identity, Candidate candidate, Function<String, List<String>> passages) {
    return new GroundedCandidate(identity, candidate, passages);
  }
}
