package io.adapt4j.core;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.generate.DraftModel;
import io.adapt4j.core.internal.generate.FileCipher;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.generate.NextTokenDraft;
import io.adapt4j.core.internal.generate.PrefixFolder;
import io.adapt4j.core.internal.generate.PromptCache;
import io.adapt4j.core.internal.generate.RequestScheduler;
import io.adapt4j.core.internal.generate.SavedSessions;
import io.adapt4j.core.internal.load.DraftFit;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.load.LoadedModel.SpecialIds;
import io.adapt4j.core.internal.load.LoadedModels;
import io.adapt4j.core.internal.load.NextTokenLayers;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.text.TextGenerator;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A causal language model in memory: generates text and scores it.
 *
 * <p>Prompts are encoded with the model's tokenizer, including its beginning-of-sequence token if
 * it adds one; an empty prompt becomes that token. A generation ends at one of the model's
 * end-of-sequence tokens ({@code generation_config.json}, else {@code config.json}, else the
 * tokenizer's), which is not part of the text.
 *
 * <p>Keys and values of prompts and answers stay cached: {@link #generate} and {@link #chat}
 * compute a prompt only from where it differs from earlier ones ({@link #limitPromptCache}).
 *
 * <p>Safe for use by several threads. Generating calls run concurrently with continuous batching
 * ({@link #limitRequests}); each gets what it would get alone, and prompts with a common prefix
 * share its memory. All other calls run one after the other, between the steps of the batch; calls
 * that change the model wait until the batch is empty. The caller closes it, which waits for calls
 * in progress and refuses those that wait; any use afterwards is an {@link IllegalStateException}.
 */
public final class LanguageModel extends AdaptedModel {

  /** Held while a model becomes the draft of another. */
  private static final Object DRAFTS = new Object();

  /** Default size limit of the prompt cache, 256 MiB. */
  public static final long DEFAULT_PROMPT_CACHE_BYTES = 256L << 20;

  static {
    LoadedModels.lockedBy(model -> ((LanguageModel) model).use());
  }

  final PromptCache prompts;
  private final RequestScheduler requests;
  private final Generator generator;
  private final ModelChat chat;
  private final ModelIdentity identity;

  /** The only active adapter, or null for those activated on the model. */
  private final @Nullable String adapter;

  private LanguageModel(LoadedModel model, TrainedTemplates trainedTemplates) {
    super("LanguageModel", model, trainedTemplates);
    this.chat = new ModelChat(model, trainedTemplates);
    this.identity = new ModelIdentity(model);
    SpecialIds special = model.specialIds();
    this.generator = new Generator(model.decoder(), model.tokenizer(), special.end());
    this.prompts = new PromptCache(model.decoder(), DEFAULT_PROMPT_CACHE_BYTES);
    this.requests = new RequestScheduler(lock(), generator, prompts, model.adapters());
    this.adapter = null;
    LoadedModels.opened(this, model);
  }

  private LanguageModel(LanguageModel shared, String adapter, ModelChat chat) {
    super(shared, chat.trained());
    this.chat = chat;
    this.identity = shared.identity;
    this.generator = shared.generator;
    this.prompts = shared.prompts;
    this.requests = shared.requests;
    this.adapter = adapter;
  }

  /**
   * Loads a model. A folder without {@code tokenizer.json} gives a model that takes token ids only.
   *
   * @param source location of the model
   * @param adapters adapters to apply, in this order; may be empty
   * @return the model, closed by the caller
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the family is not supported, or a file
   *     is missing, malformed or does not fit the others
   * @throws IllegalArgumentException if an adapter does not fit, with every reason
   * @throws ChatException if an adapter was trained in another chat template than the model has
   */
  public static LanguageModel load(ModelSource source, Adapter... adapters) {
    return load(source, Precision.AUTO, adapters);
  }

  /**
   * Loads a model in a given precision, otherwise as {@link #load(ModelSource, Adapter...)}.
   *
   * @param precision data type of weights and computation, {@link Precision#AUTO} without this
   * @param adapters adapters to apply, in this order
   * @return the model, closed by the caller
   */
  public static LanguageModel load(ModelSource source, Precision precision, Adapter... adapters) {
    return load(source, WeightFormat.asStored(), precision, adapters);
  }

  /**
   * Loads a model with its linear weights in a given format, such as 4 bits; otherwise as {@link
   * #load(ModelSource, Adapter...)}.
   *
   * @param weights format of the weights of the linear layers
   * @return the model, closed by the caller
   */
  public static LanguageModel load(ModelSource source, WeightFormat weights, Adapter... adapters) {
    return load(source, weights, Precision.AUTO, adapters);
  }

  /**
   * Loads a model with linear weights in a given format and the rest in a given precision.
   *
   * @param precision data type of computation and of all other weights
   * @return the model, closed by the caller
   */
  public static LanguageModel load(
      ModelSource source, WeightFormat weights, Precision precision, Adapter... adapters) {
    Path folder = Texts.require("source", source).folder();
    List<AdapterMechanics> mechanics = AdapterMechanics.of(Arrays.asList(adapters));
    TrainedTemplates templates = TrainedTemplates.of(folder, mechanics);
    templates.checkAdapters();
    return new LanguageModel(LoadedModel.load(folder, precision, weights, mechanics), templates);
  }

  /**
   * Generates the continuation of a prompt.
   *
   * @param prompt the text to continue from
   * @param options generation options
   * @return the new text only, which continues the prompt
   * @throws IllegalArgumentException if the prompt does not fit into the context
   */
  public String generate(String prompt, GenerationOptions options) {
    return generate(prompt, options, RequestScheduler.SILENT).text();
  }

  /**
   * Generates the continuation of a prompt and streams the text.
   *
   * @param onText receives the text as it is produced, on this thread; joined, the pieces are the
   *     result's text. Characters come whole, and nothing that could still become a stop string
   * @return the result
   * @throws IllegalArgumentException if the prompt does not fit into the context
   */
  public Generation generate(String prompt, GenerationOptions options, Consumer<String> onText) {
    return generate(prompt, options, onText, new CancellationToken());
  }

  /**
   * Generates the continuation of a prompt, streamed and cancellable from another thread.
   *
   * @param onText receives the text as it is produced, on this thread
   * @param cancellation cancels the generation after the current step
   * @return the result; if cancelled, the text so far
   * @throws io.adapt4j.core.generate.PromptTooLongException if it does not fit into the context
   */
  public Generation generate(
      String prompt,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    Texts.require("onText", onText);
    return answer(() -> prompts().text(prompt, options, cancellation), onText, cancellation);
  }

  /**
   * Generates the continuation of a tokenized prompt, otherwise as {@link #generate(String,
   * GenerationOptions, Consumer, CancellationToken)}.
   *
   * @param prompt token ids, at least one; nothing is added
   * @return the result; if cancelled, the text so far
   * @throws IllegalArgumentException if the prompt is empty, too long or has an unknown id
   */
  public Generation generate(
      int[] prompt,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    int[] ids = Texts.require("prompt", prompt).clone();
    Texts.require("options", options);
    Texts.require("onText", onText);
    return share(() -> answer(ids, options, onText, cancellation));
  }

  private List<Generation> all(List<int[]> prompts, GenerationOptions options) {
    return requests.generateAll(adapter, prompts, options);
  }

  /** Answers a prompt; returns no tokens if it is cancelled before it is prepared. */
  private Generation answer(
      Supplier<ModelPrompts.Prepared> preparing, Consumer<String> onText, CancellationToken token) {
    try {
      ModelPrompts.Prepared prompt = preparing.get();
      return share(() -> answer(prompt.tokenIds(), prompt.options(), onText, token));
    } catch (CancellationException e) {
      return Generator.cancelled(0);
    }
  }

  private Generation answer(
      int[] prompt, GenerationOptions options, Consumer<String> onText, CancellationToken token) {
    Texts.require("cancellation", token);
    return adapter == null
        ? requests.generate(prompt, options, onText, token)
        : requests.generate(adapter, prompt, options, onText, token);
  }

  /**
   * Generates the continuations of several prompts. Each is what {@link #generate} gives for it
   * alone, up to rounding; sampled rows have their own random streams. The prompts join the running
   * batch.
   *
   * @param prompts the texts to continue from
   * @return one result per prompt, in their order
   * @throws IllegalArgumentException if a prompt does not fit into the context
   */
  public List<Generation> generateAll(List<String> prompts, GenerationOptions options) {
    Texts.requireAll("prompts", prompts);
    Texts.require("options", options);
    return share(() -> all(prompts.stream().map(model::promptIds).toList(), options));
  }

  /**
   * Generates the continuations of several tokenized prompts as one batch.
   *
   * @param prompts token ids, at least one each, without padding
   * @return the new ids of each prompt, including the token that ended it, without padding
   * @throws IllegalArgumentException if a prompt is empty, has an unknown id or does not fit into
   *     the context
   */
  public List<int[]> generateIds(List<int[]> prompts, GenerationOptions options) {
    Texts.requireAll("prompts", prompts);
    Texts.require("options", options);
    return share(
        () ->
            all(prompts, options).stream()
                .map(found -> found.tokenIds().stream().mapToInt(Integer::intValue).toArray())
                .toList());
  }

  /**
   * Generates the answer to a conversation, rendered as a prompt by the chat template of the model
   * or of its adapter. The answer ends where the template ends an assistant's turn, even if that
   * takes several tokens, unless the options ignore the end of a sequence.
   *
   * @param messages the conversation, usually ended by a user's message
   * @return the answer
   * @throws io.adapt4j.core.chat.ChatException if the model has no chat template
   * @throws io.adapt4j.jinja.TemplateException if the template refuses the conversation
   * @throws IllegalArgumentException if the prompt does not fit into the context
   */
  public String chat(List<ChatMessage> messages, GenerationOptions options) {
    return chat(messages, options, RequestScheduler.SILENT).text();
  }

  /**
   * Generates the answer to a conversation and streams it.
   *
   * @param messages the conversation
   * @param onText receives the text as it is produced, on this thread
   * @return the result
   */
  public Generation chat(
      List<ChatMessage> messages, GenerationOptions options, Consumer<String> onText) {
    return chat(messages, ChatOptions.defaults(), options, onText, new CancellationToken());
  }

  /**
   * Generates the answer to a conversation, or the rest of its final message, with tools, documents
   * and template variables, otherwise as {@link #chat(List, GenerationOptions)}.
   *
   * @param chat rendering options; adds a generation prompt unless it continues the last message
   * @param cancellation cancels the generation after the current step
   * @return the result; if cancelled, the text so far
   */
  public Generation chat(
      List<ChatMessage> messages,
      ChatOptions chat,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    Texts.require("onText", onText);
    return answer(
        () -> prompts().chat(messages, chat, options, cancellation), onText, cancellation);
  }

  /** {@return an encoder of prompts, to count their tokens or to answer them} */
  public ModelPrompts prompts() {
    return new ModelPrompts(this, chat, generator);
  }

  /**
   * Generates the answers to several conversations as one batch. Each is what {@link #chat} gives
   * for it alone, up to rounding; sampled rows have their own random streams.
   *
   * @param conversations the conversations, each usually ended by a user's message
   * @return one result per conversation, in their order
   * @throws IllegalArgumentException as {@link #chat(List, GenerationOptions)} does
   */
  public List<Generation> chatAll(
      List<List<ChatMessage>> conversations, GenerationOptions options) {
    Texts.requireAll("conversations", conversations);
    Texts.require("options", options);
    ChatOptions rendering = ChatOptions.defaults().withGenerationPrompt();
    return share(
        () -> {
          ModelChat.Prompts rendered = chat.prompts(conversations, rendering, options);
          return all(rendered.ids(), rendered.options());
        });
  }

  /**
   * Limits the size of the prompt cache, which holds keys and values of earlier prompts and answers
   * between calls; default {@value #DEFAULT_PROMPT_CACHE_BYTES} bytes. With it {@link #generate}
   * and {@link #chat} compute a prompt only from where it differs from the cached one with the
   * longest common prefix, as each turn of a conversation does. Calls for several prompts neither
   * use nor change the cache. All entries are dropped when an adapter is added, removed, switched
   * or merged, and the least recently used when the limit is reached; a prompt larger than the
   * limit is cached only from its beginning.
   *
   * <p>A prompt computed in two parts rounds differently than in one. In {@link Precision#FP32} the
   * difference is negligible; in half precision a token may differ where two are nearly as likely,
   * so that an answer may depend on earlier calls, unless the limit is 0 or {@link
   * #reusePromptsExactly} is set.
   *
   * @param bytes maximum size of the cache; 0 disables it
   * @throws IllegalArgumentException if it is negative
   */
  public void limitPromptCache(long bytes) {
    exclusively(() -> prompts.limit(bytes));
  }

  /**
   * Writes what the prompt cache evicts, also when this model is closed, to files, and reads it
   * again for prompts that begin the same, also after a restart. The files belong to the model's
   * files and its active adapters; those of another model in the folder are not used. Prompts read
   * with an adapter that a call named are not written. Reading and writing delay other calls.
   * Damaged files are deleted with a warning.
   *
   * @param folder folder of the files, created if it is missing; one model uses it at a time
   * @param bytes maximum size of all files; the least recently used ones are deleted
   * @throws IllegalArgumentException if bytes is below 1, or another model uses the folder
   * @throws java.io.UncheckedIOException if the folder cannot be used
   */
  public void keepPromptsIn(Path folder, long bytes) {
    Texts.require("folder", folder);
    if (bytes < 1) {
      throw new IllegalArgumentException("bytes: expected at least 1, found " + bytes);
    }
    exclusively(
        () ->
            prompts.evictTo(
                new PrefixFolder(
                    folder,
                    bytes,
                    model.decoder(),
                    lock(),
                    () -> identity.text(null, Optional.empty()),
                    prompts.cipher())));
  }

  /**
   * Encrypts the files of {@link #keepPromptsIn} and of saved {@linkplain ChatSession sessions}:
   * AES-256 in counter mode, authenticated with HMAC-SHA-256. Plain files, and those of another
   * key, are refused when a session is restored, and deleted from the folder with a warning.
   *
   * @param key 32 bytes, from a secure random source
   * @throws IllegalArgumentException if the key has another length
   * @throws IllegalStateException if {@link #keepPromptsIn} was called before
   */
  public void encryptPrompts(byte[] key) {
    FileCipher cipher = new FileCipher(Texts.require("key", key));
    exclusively(() -> prompts.encrypt(cipher));
  }

  /**
   * Makes answers with the prompt cache equal to the bit to answers without it. By default they are
   * equal up to rounding.
   *
   * <p>Exact reuse computes prompts in parts that do not depend on what is cached, and computes
   * again what would be rounded differently: cached answers and the end of a prompt. A change
   * clears the cache.
   *
   * @param exactly whether to reuse only what is equal to the bit; default: false
   */
  public void reusePromptsExactly(boolean exactly) {
    exclusively(() -> prompts.exact(exactly));
  }

  /**
   * Limits the calls of {@link #generate} and {@link #chat} that run at the same time. By default
   * 32 run while their keys and values take a quarter of the machine's memory, and 1,024 wait.
   * Memory is reserved for the prompt and the longest possible answer, and once for a common
   * prefix; adapters' memory is not counted. Each prompt of a call with several counts as running;
   * such calls may always wait.
   *
   * @param running maximum number of concurrent calls, 1 to 32
   * @param waiting maximum number of waiting calls; further ones end in a {@link
   *     io.adapt4j.core.exception.TooManyRequestsException}
   * @param bytes maximum memory of running calls' keys and values; a single call may exceed it
   * @throws IllegalArgumentException if a limit is out of its range
   */
  public void limitRequests(int running, int waiting, long bytes) {
    requests.limit(running, waiting, bytes);
  }

  /**
   * Sets whether keys and values are cached in 8 bits; false by default, in the data type of the
   * computation. Each vector of a head is rounded to 127 steps of its largest magnitude and takes a
   * byte an entry and four: about half the memory of half precision, a quarter of that of fp32.
   * Compressed keys of latent attention and states of recurrent layers stay as they are. Answers
   * may differ slightly, but still do not depend on concurrent requests. A change waits for running
   * calls and clears the prompt cache. The draft of {@link #useDraft} has its own setting.
   *
   * @param rounded whether to cache in 8 bits from now on
   */
  public void cacheInEightBits(boolean rounded) {
    exclusively(
        () -> {
          requests.beforeChange();
          model.decoder().cacheInEightBits(rounded);
        });
  }

  /**
   * Sets whether layers with a sliding window free keys and values that no later token sees; false
   * by default. A long answer then takes no more memory in such layers than its window and 256
   * tokens, and {@link #limitRequests} reserves no more. Answers are the same; but a prompt
   * continues from a cached one only where that one's windows are still held: at its end, not in
   * its middle. A change waits for running calls and clears the prompt cache.
   *
   * @param freed whether to free them; no effect on models without windows
   */
  public void freeWindows(boolean freed) {
    exclusively(
        () -> {
          requests.beforeChange();
          model.decoder().freeWindows(freed);
        });
  }

  /**
   * Lets a smaller model with the same tokenizer draft tokens for this one, which checks them in
   * one pass (speculative decoding). Answers stay the same, up to rounding, sampled ones too: the
   * draft chooses with the same random numbers, and what counts is what this model chooses. Calls
   * draft while they run alone, and pause where drafts are wrong. It replaces an earlier draft; one
   * that is closed no longer drafts.
   *
   * @param draft the smaller model, which may be used otherwise too; closed by the caller
   * @param tokens maximum number of tokens to draft at once, at least 1, usually about 4
   * @throws IllegalArgumentException if it has another vocabulary, is this model, has a draft
   *     itself, or if this model drafts for another
   */
  public void useDraft(LanguageModel draft, int tokens) {
    Texts.require("draft", draft);
    requireTokens(tokens);
    DraftFit.require(model, draft.model);
    // One at a time, or two models could become each other's draft and wait for each other.
    synchronized (DRAFTS) {
      boolean drafts = exclusively(requests::isLent);
      DraftModel lent = draft.lent(tokens, drafts, model.decoder().dimensions().vocabularySize());
      exclusively(() -> generator.useDraft(lent));
    }
  }

  /**
   * Lets the model's own layer for further tokens (multi-token prediction) draft, otherwise as
   * {@link #useDraft}. Qwen3-Next, Qwen 3.5, GLM-4.5, DeepSeek V3 and relatives are published with
   * such a layer, which is loaded from the model's folder by this call only. It drafts one token
   * from the model's last hidden state, and more when it is repeated on its own output.
   *
   * @param tokens maximum number of tokens to draft at once, at least 1, usually 1 to 3
   * @throws io.adapt4j.core.exception.CheckpointException if the folder has no such layer
   * @throws IllegalArgumentException if this model drafts for another
   */
  public void useNextTokenLayer(int tokens) {
    requireTokens(tokens);
    exclusively(
        () -> {
          if (requests.isLent()) {
            throw new IllegalArgumentException(
                "next-token layer: expected a model that drafts for no other; load the folder once"
                    + " more for a second use");
          }
          NextTokenLayer layer = NextTokenLayers.load(model);
          generator.useDraft(new NextTokenDraft(model.decoder(), layer, tokens));
        });
  }

  private static void requireTokens(int tokens) {
    if (tokens < 1) {
      throw new IllegalArgumentException("tokens: expected at least 1, found " + tokens);
    }
  }

  private DraftModel lent(int tokens, boolean isChain, int vocabulary) {
    return exclusively(
        () -> {
          if (isChain || generator.hasDraft()) {
            throw new IllegalArgumentException(
                "draft: expected a model without a draft, for one that drafts for no other; load the"
                    + " folder once more for a second use");
          }
          DraftModel lent =
              new DraftModel(model.decoder(), model.adapters(), lock(), tokens, vocabulary);
          requests.lend(lent);
          return lent;
        });
  }

  /**
   * Aims at a time between two tokens of an answer while prompts of others are processed: their
   * chunks are sized by the measured time of earlier steps, down to 8 tokens. A pause is longer if
   * the smallest step is, or if the machine has become slower since. Only where kernels run the
   * steps of a model: elsewhere chunks have their normal size. Answers do not depend on concurrent
   * requests, but may differ from those without a limit by rounding. Prompts take longer the
   * shorter the limit is.
   *
   * @param pause the time; zero for no limit, the default
   * @throws IllegalArgumentException if it is negative
   */
  public void limitPause(Duration pause) {
    if (Texts.require("pause", pause).isNegative()) {
      throw new IllegalArgumentException("pause: expected at least 0, found " + pause);
    }
    exclusively(() -> requests.limitPause(pause));
  }

  /** {@return whether there is a chat template: set, from the model's folder or an adapter} */
  public boolean hasChatTemplate() {
    return share(chat::hasTemplate);
  }

  /** {@return the chat template; throws a ChatException if there is none} */
  public ChatTemplate chatTemplate() {
    return share(chat::template);
  }

  /**
   * {@return whether {@code provenance.json} records training on conversations; without a record,
   * whether there is a chat template}
   */
  public boolean isChatTuned() {
    return share(chat::isTuned);
  }

  /** {@return {@link #asGenerator(int)} with batches of {@value ModelGenerator#DEFAULT_BATCH}} */
  public TextGenerator asGenerator() {
    return asGenerator(ModelGenerator.DEFAULT_BATCH);
  }

  /**
   * Returns this model as a text generator. Conversations are rendered by the chat template; a
   * model without one continues the texts of the messages, separated by blank lines. Its identity
   * covers the folder's files (weights by name, size and time), the data types of computation and
   * weights, the files of the active adapters, and a template that was set; with an adapter that is
   * not on disk there is none. A sampled answer depends on the seed and its position in the batch.
   *
   * @param batch maximum number of conversations in a batch, at least 1
   * @return the generator, usable until this model is closed
   * @throws IllegalArgumentException if the batch is below 1
   */
  public TextGenerator asGenerator(int batch) {
    return new ModelGenerator(this, batch);
  }

  /**
   * Sets the chat template, replacing the one of the model's folder.
   *
   * @param template the template to use from now on
   * @throws ChatException if {@code provenance.json} records that the model or an adapter was
   *     trained with another template
   */
  public void useChatTemplate(ChatTemplate template) {
    trainedTemplates.require(template);
    useAnyChatTemplate(template);
  }

  /**
   * Sets the chat template even if training used another one, which may degrade answers.
   *
   * @param template the template to use from now on
   */
  public void useAnyChatTemplate(ChatTemplate template) {
    exclusively(() -> chat.use(Texts.require("template", template)));
  }

  /** {@return a conversation without messages, rendered with {@link ChatOptions#defaults}} */
  public ChatSession session() {
    return session(ChatOptions.defaults());
  }

  /**
   * Returns a conversation without messages.
   *
   * @param rendering rendering options of all its prompts, such as tools
   * @return the session, usable until this model is closed
   */
  public ChatSession session(ChatOptions rendering) {
    return new ChatSession(this, rendering, List.of());
  }

  void saveSession(Path file, Supplier<ObjectNode> header, int @Nullable [] ids) {
    SavedSessions saved = new SavedSessions(lock(), model.decoder(), prompts, model.adapters());
    share(
        () -> {
          saved.save(file, header, ids, adapter);
          return file;
        });
  }

  JsonNode restoreSession(Path file, Consumer<JsonNode> require) {
    SavedSessions saved = new SavedSessions(lock(), model.decoder(), prompts, model.adapters());
    return share(() -> saved.restore(file, require, adapter));
  }

  Optional<String> identity() {
    return exclusively(() -> identity.text(adapter, chat.chosenDigest()));
  }

  @Override
  <T> T computing(Supplier<T> action) {
    return adapter == null
        ? exclusively(action)
        : exclusively(() -> model.adapters().with(adapter, action));
  }

  /**
   * Returns a view of this model with one of its adapters active and no other. Both can be used at
   * the same time: calls of {@link #generate} and {@link #chat} with any adapters run in one batch.
   * A call keeps the adapter that it begins with; after its removal, further calls are refused. The
   * chat template is the one set on this model, else that of the adapter's training. Limits and
   * adapters are those of this model; closing the view closes nothing.
   *
   * @param name one of {@link #adapterNames}
   * @return the model with the adapter, usable until this one is closed
   * @throws IllegalArgumentException if there is none of this name
   * @throws ChatException if the adapter was trained with another template than the one set
   */
  public LanguageModel withAdapter(String name) {
    return share(
        () -> {
          model.adapters().requireKnown(Texts.require("name", name));
          return new LanguageModel(this, name, chat.with(name));
        });
  }

  @Override
  public List<String> activeAdapters() {
    return adapter == null ? super.activeAdapters() : List.of(adapter);
  }

  @Override
  public void close() {
    if (adapter == null) {
      super.close();
    }
  }

  @Override
  void closing() {
    requests.refuse();
  }

  @Override
  void free() {
    LoadedModels.closed(this);
    requests.close();
    generator.closeDraft();
    super.free();
  }
}
