package io.adapt4j.eval;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.eval.metric.SlidingWindow;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/** A candidate that is a model in this process. */
final class LocalCandidate implements Candidate {

  /** Maximum length of a text in messages. */
  private static final int SHOWN = 60;

  private final LanguageModel model;
  private final boolean chat;
  private final Supplier<String> identity;

  LocalCandidate(LanguageModel model, boolean chat) {
    this(model, chat, () -> identity(model));
  }

  LocalCandidate(LanguageModel model, boolean chat, String identity) {
    this(model, chat, () -> identity);
    Objects.requireNonNull(identity, "identity");
  }

  private LocalCandidate(LanguageModel model, boolean chat, Supplier<String> identity) {
    if (chat && !model.hasChatTemplate()) {
      throw new IllegalArgumentException(
          "The model has no chat template; set one with useChatTemplate, or evaluate it with"
              + " Candidate.of");
    }
    this.model = model;
    this.chat = chat;
    this.identity = identity;
    identity();
  }

  /** Identity of the model in its current state: other adapters change it. */
  private static String identity(LanguageModel model) {
    return model
        .asGenerator()
        .identity()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "A model with an adapter that is not on disk has no identity; give one as the"
                        + " second argument, such as the names of base and adapter"));
  }

  @Override
  public String identity() {
    return chat ? identity.get() + " (chat)" : identity.get();
  }

  @Override
  public Replies reply(List<? extends Request> requests) {
    return reply(requests, (index, reply) -> {});
  }

  @Override
  public Replies reply(List<? extends Request> requests, Arrivals arrivals) {
    List<Request.Likelihood> continuations = new ArrayList<>();
    List<Request.WholeText> texts = new ArrayList<>();
    List<Request.Answer> questions = new ArrayList<>();
    for (Request request : requests) {
      if (request instanceof Request.Likelihood one) {
        continuations.add(one);
      } else if (request instanceof Request.WholeText one) {
        texts.add(one);
      } else if (request instanceof Request.Answer one) {
        questions.add(one);
      } else {
        throw new UnsupportedOperationException(
            "A language model has no output layer that names classes; ask for classes by"
                + " likelihood, or load it as a TextClassifier");
      }
    }
    if (!continuations.isEmpty()) {
      return handedOn(likelihoods(continuations), arrivals);
    }
    return texts.isEmpty() ? answers(questions, arrivals) : wholeTexts(texts, arrivals);
  }

  /** Passes on the replies of a batch together. */
  private static Replies handedOn(Replies replies, Arrivals arrivals) {
    for (int i = 0; i < replies.replies().size(); i++) {
      arrivals.arrived(i, replies.replies().get(i));
    }
    return replies;
  }

  private Replies likelihoods(List<Request.Likelihood> requests) {
    List<ScoringRequest> scored =
        requests.stream()
            .map(request -> new ScoringRequest(request.context(), request.continuation()))
            .toList();
    List<Reply> replies = new ArrayList<>();
    long tokens = 0;
    for (TokenScores scores : model.scoreAll(scored)) {
      tokens += scores.contextTokens() + scores.tokenIds().size();
      String text = requests.get(replies.size()).continuation();
      replies.add(reply(text, scores.sum(), scores.tokenIds().size(), scores.greedy()));
    }
    return new Replies(replies, tokens, 0);
  }

  /** Rounding can bring the logarithm of a certain token slightly above 0. */
  private static Reply reply(String text, double sum, int tokens, boolean greedy) {
    if (Double.isNaN(sum)) {
      throw new IllegalStateException(
          "The model gives '"
              + text.substring(0, Math.min(text.length(), SHOWN)).strip()
              + "' a log-probability that is not a number; its weights are damaged, or it needs"
              + " another precision");
    }
    return new Reply.Likelihood(Math.min(0, sum), tokens, greedy);
  }

  private Replies wholeTexts(List<Request.WholeText> requests, Arrivals arrivals) {
    List<Reply> replies = new ArrayList<>();
    long tokens = 0;
    for (Request.WholeText request : requests) {
      SlidingWindow.Sum sum = windows(request).sum(model, request.text());
      tokens += sum.tokens();
      Reply reply = reply(request.text(), sum.logProbability(), sum.tokens(), false);
      arrivals.arrived(replies.size(), reply);
      replies.add(reply);
    }
    return new Replies(replies, tokens, 0);
  }

  private SlidingWindow windows(Request.WholeText request) {
    int window = request.window() == 0 ? model.contextLength() : request.window();
    return new SlidingWindow(window, request.stride() == 0 ? window : request.stride());
  }

  private Replies answers(List<Request.Answer> questions, Arrivals arrivals) {
    if (chat) {
      return GeneratorCandidate.answers(model.asGenerator(), questions, arrivals);
    }
    List<Reply> replies = new ArrayList<>();
    long promptTokens = 0;
    long newTokens = 0;
    for (GeneratorCandidate.Stretch stretch : GeneratorCandidate.Stretch.of(questions)) {
      for (Generation generation : model.generateAll(stretch.prompts(), stretch.options())) {
        replies.add(new Reply.Text(generation.text(), generation.finishReason()));
        promptTokens += generation.promptTokens();
        newTokens += generation.tokenIds().size();
      }
    }
    return handedOn(new Replies(replies, promptTokens, newTokens), arrivals);
  }
}
