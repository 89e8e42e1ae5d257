package io.adapt4j.core;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.score.Scorer;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.score.ScoringRequest;
import io.adapt4j.core.score.TokenScores;
import io.adapt4j.core.score.TokenSpan;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * A causal language model in memory with its adapters, which scores texts. One thread at a time
 * uses it until it is closed.
 */
abstract class AdaptedModel implements AutoCloseable {

  final LoadedModel model;
  final TrainedTemplates trainedTemplates;
  private final SingleUse use;
  private final Scorer scorer;

  AdaptedModel(String name, LoadedModel model, TrainedTemplates trainedTemplates) {
    this.model = model;
    this.trainedTemplates = trainedTemplates;
    this.use = new SingleUse(name, this::closing, this::free);
    this.scorer =
        new Scorer(model.decoder(), model.specialIds().pad(), model.decoder().contextLength());
  }

  /** Shares all state with another model, which owns it and closes it. */
  AdaptedModel(AdaptedModel shared, TrainedTemplates trainedTemplates) {
    this.model = shared.model;
    this.trainedTemplates = trainedTemplates;
    this.use = shared.use;
    this.scorer = shared.scorer;
  }

  /** Hook that runs before the model is closed, while it may still be in use. */
  void closing() {}

  /** The lock that is held while the model is used exclusively. */
  final ReentrantLock lock() {
    return use.lock();
  }

  /** Runs an action that takes the lock itself where needed; the model stays open meanwhile. */
  final <T> T share(Supplier<T> action) {
    return use.share(action);
  }

  /** Frees the model's memory. */
  void free() {
    model.close();
  }

  /** The lock and lifetime, shared with views. */
  final SingleUse use() {
    return use;
  }

  final void exclusively(Runnable action) {
    use.run(action);
  }

  final <T> T exclusively(Supplier<T> action) {
    return use.call(action);
  }

  /** Runs an action that computes with the model, under the lock. */
  <T> T computing(Supplier<T> action) {
    return exclusively(action);
  }

  /**
   * Adds an adapter next to those already loaded. It stays inactive until it is named in {@link
   * #useAdapters} or {@link LanguageModel#withAdapter}. Base weights are shared: an adapter costs
   * only its own parameters. Running requests are neither changed nor delayed for long.
   */
  public void addAdapter(String name, Adapter adapter) {
    exclusively(
        () -> {
          model.adapters().add(name, AdapterMechanics.of(adapter));
          trainedTemplates.add(name, AdapterMechanics.of(adapter));
        });
  }

  /**
   * Replaces an adapter; the new one takes over the name. Requests that have begun with the old one
   * keep it; it is freed when they have ended.
   */
  public void replaceAdapter(String name, Adapter adapter) {
    exclusively(
        () -> {
          model.adapters().replace(name, AdapterMechanics.of(adapter));
          trainedTemplates.add(name, AdapterMechanics.of(adapter));
        });
  }

  /** Removes an adapter and frees its memory once the requests that use it have ended. */
  public void removeAdapter(String name) {
    exclusively(
        () -> {
          model.adapters().remove(name);
          trainedTemplates.remove(name);
        });
  }

  /**
   * Activates exactly these adapters. This only sets a few flags, and copies modules that an
   * adapter saves in full. The updates of several adapters add up; of two that save the same module
   * in full, the later one in this list counts. DoRA also rescales the updates of the adapters
   * applied before it.
   */
  public void useAdapters(String... names) {
    List<String> wanted = List.of(names);
    exclusively(() -> model.adapters().use(wanted));
  }

  /**
   * Returns the names of the adapters on the model. One given to {@link
   * LanguageModel#load(ModelSource, Adapter...)} has the name of its folder, with a number appended
   * if that was taken.
   */
  public List<String> adapterNames() {
    return share(() -> model.adapters().names());
  }

  /** {@return the names of the adapters that take part now, an immutable list} */
  public List<String> activeAdapters() {
    return exclusively(() -> model.adapters().active());
  }

  /**
   * Runs an action with all adapters disabled, such as scoring with the reference model. Other
   * threads wait meanwhile.
   */
  public <T> T withoutAdapters(Supplier<T> action) {
    return exclusively(() -> model.adapters().without(action));
  }

  /** Enables or disables the active adapters, to compare with the base model. */
  public void enableAdapters(boolean enabled) {
    exclusively(() -> model.adapters().enabled(enabled));
  }

  /** Merges the active adapters into the weights, which removes their inference cost. */
  public void mergeAdapters() {
    exclusively(() -> model.adapters().merge());
  }

  /** Unmerges merged adapters from the weights. */
  public void unmergeAdapters() {
    exclusively(() -> model.adapters().unmerge());
  }

  Decoder decoder() {
    return exclusively(model::decoder);
  }

  /**
   * Scores a continuation.
   *
   * @param context the text before it; may be empty if the model has a bos or eos token
   */
  public TokenScores score(String context, String continuation) {
    Texts.require("context", context);
    Texts.require("continuation", continuation);
    return scoreAll(List.of(new ScoringRequest(context, continuation))).get(0);
  }

  /**
   * Scores continuations, in batches of similar length.
   *
   * <p>The boundary of context and continuation follows lm-evaluation-harness: trailing spaces of
   * the context move to the continuation, and both are encoded as one text. If both together are
   * too long, the context is truncated on the left and the result says so.
   */
  public List<TokenScores> scoreAll(List<ScoringRequest> requests) {
    Texts.requireAll("requests", requests);
    return computing(
        () ->
            scorer.score(
                TokenSpan.all(model.requireTokenizer(), requests, model.specialIds().first())));
  }

  /** Scores tokenized continuations, in batches of similar length. */
  public List<TokenScores> scoreIds(List<TokenSpan> spans) {
    Texts.requireAll("spans", spans);
    return computing(() -> scorer.score(spans));
  }

  /**
   * Predicts every token of a text from the tokens before it.
   *
   * @param tokenIds the text, at most {@link #contextLength} tokens
   * @param alternatives number of likeliest tokens to return for each position; 0 for none
   * @return the log-probabilities of the tokens after the first one
   * @throws IllegalArgumentException if the text is too long or an id is not in the vocabulary
   */
  public List<TokenLogprobs> predictions(int[] tokenIds, int alternatives) {
    Texts.require("tokenIds", tokenIds);
    if (alternatives < 0) {
      throw new IllegalArgumentException(
          "alternatives: expected at least 0, found " + alternatives);
    }
    int[] ids = tokenIds.clone();
    return computing(() -> scorer.predictions(ids, alternatives));
  }

  /** {@return the model's tokenizer, which is closed with the model} */
  public Tokenizer tokenizer() {
    return share(model::requireTokenizer);
  }

  /**
   * {@return the model's context length in tokens, prompt and new tokens together}
   *
   * <p>This is {@code max_position_embeddings}, multiplied by the factor of a linear, dynamic or
   * yarn rotary scaling. Generation ends there with {@link FinishReason#CONTEXT_LENGTH}, except as
   * {@link GenerationOptions#ignoreContextLength()} says.
   */
  public int contextLength() {
    return model.decoder().contextLength();
  }

  /** {@return the number of parameters; tied weights count once} */
  public long parameterCount() {
    return exclusively(() -> model.decoder().parameterCount());
  }

  /** {@return the tokens that end a generation} */
  public Set<Integer> endTokenIds() {
    return model.specialIds().end();
  }

  /** {@return the padding token} */
  public int padTokenId() {
    return model.specialIds().pad();
  }

  /** Frees the model's memory, waiting for a call in progress. */
  @Override
  public void close() {
    use.close();
  }
}
