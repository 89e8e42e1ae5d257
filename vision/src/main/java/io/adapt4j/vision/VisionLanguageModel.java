package io.adapt4j.vision;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.ModelPrompts;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.generate.Generator;
import io.adapt4j.core.internal.load.LoadedModel;
import io.adapt4j.core.internal.load.LoadedModels;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.nn.picture.Pictures;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.vision.internal.image.Pixels;
import io.adapt4j.vision.internal.processor.PictureProcessor;
import io.adapt4j.vision.internal.processor.PictureProcessors;
import io.adapt4j.vision.internal.processor.PicturePrompt;
import io.adapt4j.vision.internal.prompt.ContentParts;
import io.adapt4j.vision.internal.prompt.PictureStore;
import io.adapt4j.vision.internal.tower.PictureTower;
import io.adapt4j.vision.internal.tower.Towers;
import io.adapt4j.vision.internal.training.TrainingPictures;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A language model that reads pictures: idefics3 (granite-docling), SmolVLM, LFM2-VL, Qwen2.5-VL,
 * Qwen3-VL, Gemma 3, PaliGemma, Qwen2-VL, LLaVA (NeXT, OneVision), InternVL, Mistral 3, GLM-OCR,
 * PaddleOCR-VL.
 *
 * <p>Pictures take the places of the messages' content parts {@code {"type": "image"}}, in their
 * order. They are resized, cut and encoded as Transformers does. What a picture has become is kept
 * for later prompts ({@link #limitPictures}), and so are the keys and values of prompts with
 * pictures, as {@link LanguageModel} keeps those of texts: another question about the same pictures
 * reads the question only.
 *
 * <p>Safe for use by several threads, whose calls run as one batch, with different pictures or
 * none. The caller closes it.
 */
public final class VisionLanguageModel implements AutoCloseable {

  /** Default size limit of kept pictures, 64 MiB. */
  public static final long DEFAULT_PICTURE_BYTES = 64L << 20;

  /** Pixels of the pictures that are decoded for one prompt. */
  private static final int MOST_PIXELS = 64 << 20;

  private static final String IMAGE = "image";

  private final LanguageModel texts;
  private final PictureProcessor stated;
  private final PictureStore store;
  private final Tokenizer tokenizer;

  /** The only active adapter; empty for those activated on the model. */
  private final Optional<String> adapter;

  private volatile Preparation preparation;

  /**
   * Preparation of pictures and prompts.
   *
   * @param ofChats for prompts that begin with the token at the start of texts, which is not added
   *     to them again
   * @param key tells it from others
   */
  private record Preparation(PictureProcessor processor, PictureProcessor ofChats, String key) {

    static Preparation of(PictureProcessor stated, Map<String, ?> options) {
      Map<String, Object> sorted = new TreeMap<>(options);
      PictureProcessor processor = sorted.isEmpty() ? stated : stated.with(sorted);
      String key = sorted.toString();
      sorted.putIfAbsent("add_special_tokens", false);
      return new Preparation(processor, stated.with(sorted), key);
    }

    PictureProcessor of(String rendered, Tokenizer tokenizer) {
      OptionalInt start = tokenizer.bosId();
      return start.isPresent() && rendered.startsWith(tokenizer.token(start.getAsInt()))
          ? ofChats
          : processor;
    }
  }

  private VisionLanguageModel(
      LanguageModel texts, PictureProcessor processor, PictureStore store, Tokenizer tokenizer) {
    this.texts = texts;
    this.stated = processor;
    this.preparation = Preparation.of(processor, Map.of());
    this.store = store;
    this.tokenizer = tokenizer;
    this.adapter = Optional.empty();
  }

  private VisionLanguageModel(VisionLanguageModel model, String adapter) {
    this.texts = model.texts.withAdapter(adapter);
    this.stated = model.stated;
    this.preparation = model.preparation;
    this.store = model.store;
    this.tokenizer = model.tokenizer;
    this.adapter = Optional.of(adapter);
  }

  /** A prompt whose pictures were read, which are held in memory until it is closed. */
  public static final class Prompt implements AutoCloseable {

    private final ModelPrompts.Prepared prepared;
    private final List<Pictures.Held> held;

    private Prompt(ModelPrompts.Prepared prepared, List<Pictures.Held> held) {
      this.prepared = prepared;
      this.held = held;
    }

    /**
     * Returns the tokens and options for {@link LanguageModel#generate(int[], GenerationOptions,
     * Consumer, CancellationToken)} of {@link #languageModel()}, which may be called several times
     * until this is closed.
     *
     * @return the prompt
     */
    public ModelPrompts.Prepared prepared() {
      return prepared;
    }

    /** Lets go of the pictures. */
    @Override
    public void close() {
      held.forEach(Pictures.Held::close);
    }
  }

  /**
   * Loads a model.
   *
   * @param source location of the model, with the files of its processor and tokenizer
   * @param adapters adapters of the text model, the projector or the image tower to apply, in this
   *     order; may be empty
   * @return the model, closed by the caller
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the family is not supported, or a file
   *     is missing, malformed or does not fit the others
   * @throws IllegalArgumentException if an adapter does not fit, with every reason
   */
  public static VisionLanguageModel load(ModelSource source, Adapter... adapters) {
    return load(source, WeightFormat.asStored(), Precision.AUTO, adapters);
  }

  /**
   * Loads a model in a given form, otherwise as {@link #load(ModelSource, Adapter...)}.
   *
   * @param weights format of the linear weights of the text model
   * @param precision data type of computation and of all other weights
   * @return the model, closed by the caller
   */
  public static VisionLanguageModel load(
      ModelSource source, WeightFormat weights, Precision precision, Adapter... adapters) {
    Path folder = Texts.require("source", source).folder();
    PictureProcessor processor = PictureProcessors.open(folder);
    LanguageModel texts = LanguageModel.load(source, weights, precision);
    try {
      LoadedModel parts = LoadedModels.of(texts);
      Decoder decoder = parts.decoder();
      Tokenizer tokenizer = parts.requireTokenizer();
      try (Checkpoint checkpoint = Checkpoint.open(folder)) {
        PictureTower tower = Towers.load(decoder.modelConfig(), checkpoint, decoder.type());
        decoder.join(TrainingPictures.around(tower, decoder.modelConfig(), processor));
        apply(texts, adapters);
        PictureStore store =
            new PictureStore(parts, LoadedModels.lock(texts), tower, DEFAULT_PICTURE_BYTES);
        return new VisionLanguageModel(texts, processor, store, tokenizer);
      }
    } catch (RuntimeException | Error e) {
      texts.close();
      throw e;
    }
  }

  /**
   * Returns whether a model reads pictures: its family has an image tower here, and the folder has
   * its weights and a {@code preprocessor_config.json} or {@code processor_config.json}.
   *
   * @return true if {@link #load} can load it
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the configuration or an index of
   *     weights is missing or malformed
   */
  public static boolean reads(ModelSource source) {
    Path folder = Texts.require("source", source).folder();
    if (!PictureProcessors.areIn(folder)) {
      return false;
    }
    ModelConfig config = ModelConfig.read(folder);
    if (!Towers.modelTypes().contains(config.modelType())) {
      return false;
    }
    try (Checkpoint checkpoint = Checkpoint.open(folder);
        PictureTower declared = Towers.declare(config)) {
      return declared.weights().areIn(checkpoint);
    }
  }

  /** Activates adapters, which may change the image tower too. */
  private static void apply(LanguageModel texts, Adapter... adapters) {
    for (Adapter adapter : adapters) {
      String name = AdapterMechanics.of(adapter).name();
      for (int i = 2; texts.adapterNames().contains(name); i++) {
        name = AdapterMechanics.of(adapter).name() + "-" + i;
      }
      texts.addAdapter(name, adapter);
    }
    if (adapters.length > 0) {
      texts.useAdapters(texts.adapterNames().toArray(new String[0]));
    }
  }

  /**
   * Returns the model for texts alone, with its adapters, chat template, limits and prompt cache,
   * all of which prompts with pictures use too.
   *
   * @return the model, closed with this one
   */
  public LanguageModel languageModel() {
    return texts;
  }

  /**
   * Returns a view of this model that answers with one of its adapters alone, as {@link
   * LanguageModel#withAdapter} does. Pictures are read with it too, by a tower that it changes.
   *
   * @param name name of a loaded adapter
   * @return the view, usable until this model is closed
   * @throws IllegalArgumentException if no adapter has the name
   */
  public VisionLanguageModel withAdapter(String name) {
    return new VisionLanguageModel(this, name);
  }

  /**
   * Generates the answer to a conversation about pictures.
   *
   * @param messages the conversation, usually ended by a user's message
   * @param pictures one for each part {@code {"type": "image"}}, in their order
   * @return the answer
   * @throws io.adapt4j.core.chat.ChatException if the model has no chat template
   * @throws IllegalArgumentException if parts and pictures differ in number, or the prompt does not
   *     fit into the context
   */
  public String chat(
      List<ChatMessage> messages, List<Picture> pictures, GenerationOptions options) {
    return chat(messages, pictures, options, text -> {}).text();
  }

  /**
   * Generates the answer to a conversation about pictures and streams it.
   *
   * @param onText receives the text as it is produced, on this thread
   * @return the result
   */
  public Generation chat(
      List<ChatMessage> messages,
      List<Picture> pictures,
      GenerationOptions options,
      Consumer<String> onText) {
    return chat(
        messages, pictures, ChatOptions.defaults(), options, onText, new CancellationToken());
  }

  /**
   * Generates the answer to a conversation about pictures, with tools, documents and template
   * variables, otherwise as {@link #chat(List, List, GenerationOptions)}.
   *
   * @param rendering rendering options; adds a generation prompt unless it continues the last
   *     message
   * @param onText receives the text as it is produced, on this thread
   * @param cancellation cancels the generation after the current step
   * @return the result; if cancelled, the text so far
   */
  public Generation chat(
      List<ChatMessage> messages,
      List<Picture> pictures,
      ChatOptions rendering,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    Texts.require("onText", onText);
    return unlessCancelled(
        () -> {
          try (Prompt prompt = prompt(messages, pictures, rendering, options, cancellation)) {
            return generate(prompt, onText, cancellation);
          }
        });
  }

  /**
   * Generates the answer to a conversation about pictures' files, otherwise as {@link #chat(List,
   * List, ChatOptions, GenerationOptions, Consumer, CancellationToken)}.
   *
   * @param files contents of the files by their names for errors, in the order of the parts; within
   *     {@link PictureLimits#defaults()} each, and 64 * 1024 * 1024 pixels together
   * @return the result; if cancelled, the text so far
   * @throws IllegalArgumentException also if a picture cannot be read; the message begins with its
   *     name
   */
  public Generation chat(
      List<ChatMessage> messages,
      Map<String, byte[]> files,
      ChatOptions rendering,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    Texts.require("onText", onText);
    return unlessCancelled(
        () -> {
          try (Prompt prompt = prompt(messages, files, rendering, options, cancellation)) {
            return generate(prompt, onText, cancellation);
          }
        });
  }

  /**
   * Encodes a conversation about pictures' files, otherwise as {@link #prompt(List, List,
   * ChatOptions, GenerationOptions, CancellationToken)}.
   *
   * @param files contents of the files, with the limits of {@link #chat(List, Map, ChatOptions,
   *     GenerationOptions, Consumer, CancellationToken)}
   * @return the prompt, closed by the caller
   */
  public Prompt prompt(
      List<ChatMessage> messages,
      Map<String, byte[]> files,
      ChatOptions rendering,
      GenerationOptions options,
      CancellationToken cancellation) {
    List<Picture> pictures = decoded(Texts.require("files", files), cancellation);
    return prompt(messages, pictures, rendering, options, cancellation);
  }

  private static List<Picture> decoded(Map<String, byte[]> files, CancellationToken cancellation) {
    PictureLimits usual = PictureLimits.defaults();
    List<Picture> decoded = new ArrayList<>();
    int left = MOST_PIXELS;
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      requireWanted(cancellation);
      try {
        PictureLimits limits =
            new PictureLimits(usual.bytes(), Math.max(1, left), usual.side(), usual.frames());
        Picture picture = Picture.of(file.getKey(), file.getValue(), limits);
        left -= picture.width() * picture.height();
        decoded.add(picture);
      } catch (PictureException e) {
        String all =
            left < MOST_PIXELS
                ? " The pictures of a request may have " + MOST_PIXELS + " pixels together."
                : "";
        throw new IllegalArgumentException(e.getMessage() + all, e);
      }
    }
    return decoded;
  }

  private static void requireWanted(CancellationToken cancellation) {
    if (cancellation.isCancelled()) {
      throw new CancellationException("the prompt was cancelled");
    }
  }

  /**
   * Encodes a conversation about pictures, to answer it more than once or to count its tokens.
   *
   * @param rendering rendering options; adds a generation prompt unless it continues the last
   *     message
   * @param cancellation cancels the encoding
   * @return the prompt, closed by the caller
   * @throws io.adapt4j.core.generate.PromptTooLongException if it does not fit into the context
   * @throws java.util.concurrent.CancellationException if it is cancelled
   * @throws IllegalArgumentException if parts and pictures differ in number
   */
  public Prompt prompt(
      List<ChatMessage> messages,
      List<Picture> pictures,
      ChatOptions rendering,
      GenerationOptions options,
      CancellationToken cancellation) {
    Texts.requireAll("messages", messages);
    Texts.requireAll("pictures", pictures);
    Texts.require("rendering", rendering);
    Texts.require("options", options);
    Texts.require("cancellation", cancellation);
    long parts = messages.stream().mapToLong(VisionLanguageModel::images).sum();
    if (parts != pictures.size()) {
      throw new IllegalArgumentException(
          "pictures: expected one for each of the "
              + parts
              + " content parts {\"type\": \"image\"} of the messages, found "
              + pictures.size());
    }
    List<ChatMessage> fitted = ContentParts.fit(texts.chatTemplate(), messages);
    ModelPrompts.Prepared plain = texts.prompts().chat(fitted, rendering, options, cancellation);
    ChatOptions answered =
        rendering.continuesFinalMessage() ? rendering : rendering.withGenerationPrompt();
    String rendered = new ChatEncoder(tokenizer, texts.chatTemplate()).render(fitted, answered);
    return prompt(rendered, pictures, plain.options(), cancellation);
  }

  private static long images(ChatMessage message) {
    return message.content() instanceof List<?> parts
        ? parts.stream()
            .filter(part -> part instanceof Map<?, ?> fields && IMAGE.equals(fields.get("type")))
            .count()
        : 0;
  }

  /**
   * Generates the continuation of a prompt after pictures, for models without a chat template, such
   * as PaliGemma.
   *
   * @param prompt the text, with the family's mark for each picture; PaliGemma needs none
   * @return the new text
   * @throws IllegalArgumentException if marks and pictures differ in number, or the prompt does not
   *     fit into the context
   */
  public String generate(String prompt, List<Picture> pictures, GenerationOptions options) {
    return generate(prompt, pictures, options, text -> {}, new CancellationToken()).text();
  }

  /**
   * Generates the continuation of a prompt after pictures, streamed and cancellable from another
   * thread, otherwise as {@link #generate(String, List, GenerationOptions)}.
   *
   * @param onText receives the text as it is produced, on this thread
   * @param cancellation cancels the generation after the current step
   * @return the result; if cancelled, the text so far
   */
  public Generation generate(
      String prompt,
      List<Picture> pictures,
      GenerationOptions options,
      Consumer<String> onText,
      CancellationToken cancellation) {
    Texts.require("prompt", prompt);
    Texts.requireAll("pictures", pictures);
    Texts.require("options", options);
    Texts.require("onText", onText);
    Texts.require("cancellation", cancellation);
    return unlessCancelled(
        () -> {
          try (Prompt read = prompt(prompt, pictures, options, cancellation)) {
            return generate(read, onText, cancellation);
          }
        });
  }

  /** Answers; returns no tokens if the request is cancelled before its prompt is prepared. */
  private static Generation unlessCancelled(Supplier<Generation> answering) {
    try {
      return answering.get();
    } catch (CancellationException e) {
      return Generator.cancelled(0);
    }
  }

  private Generation generate(
      Prompt prompt, Consumer<String> onText, CancellationToken cancellation) {
    ModelPrompts.Prepared read = prompt.prepared();
    return texts.generate(read.tokenIds(), read.options(), onText, cancellation);
  }

  private Prompt prompt(
      String rendered,
      List<Picture> pictures,
      GenerationOptions options,
      CancellationToken cancellation) {
    Preparation prepared = preparation;
    PictureProcessor processor = prepared.of(rendered, tokenizer);
    List<Pixels> pixels = pictures.stream().map(Picture::pixels).toList();
    PicturePrompt prompt = processor.prompt(tokenizer, rendered, pixels);
    // Refuses what is too long before the tower reads pictures.
    texts.prompts().ids(prompt.ids(), options);
    List<Pictures.Held> held = new ArrayList<>();
    try {
      for (Pixels picture : pixels) {
        requireWanted(cancellation);
        String digest = digest(picture) + prepared.key();
        held.add(store.hold(digest, adapter, () -> processor.pixels(List.of(picture))));
      }
      return new Prompt(texts.prompts().ids(withRows(prompt, held), options), held);
    } catch (RuntimeException | Error e) {
      held.forEach(Pictures.Held::close);
      throw e;
    }
  }

  private static String digest(Pixels picture) {
    MessageDigest digest = FileDigest.sha256();
    digest.update(
        ByteBuffer.allocate(3 * Integer.BYTES)
            .putInt(picture.width())
            .putInt(picture.height())
            .putInt(picture.channels())
            .array());
    return HexFormat.of().formatHex(digest.digest(picture.values()));
  }

  /** Puts the ids of rows into their places. */
  private static int[] withRows(PicturePrompt prompt, List<Pictures.Held> pictures) {
    int[] rows = pictures.stream().map(Pictures.Held::ids).flatMapToInt(Arrays::stream).toArray();
    int[] ids = prompt.ids().clone();
    int next = 0;
    for (int at = 0; at < ids.length; at++) {
      if (ids[at] == prompt.placeId()) {
        if (next < rows.length) {
          ids[at] = rows[next];
        }
        next++;
      }
    }
    if (next != rows.length) {
      throw new IllegalArgumentException(
          "prompt: expected "
              + rows.length
              + " places for the rows of its pictures, found "
              + next
              + "; take the tokens that stand for pictures out of the texts");
    }
    return ids;
  }

  /**
   * Sets how pictures are prepared from now on where it differs from the model's {@code
   * preprocessor_config.json}, such as {@code do_image_splitting} of SmolVLM, {@code max_pixels} of
   * Qwen-VL or {@code do_pan_and_scan} of Gemma 3. {@code add_special_tokens} adds the tokenizer's
   * first tokens to every prompt; by default they are not added to those that begin with them, as
   * in Transformers' {@code apply_chat_template}.
   *
   * @param options values by the names of that file's fields; empty for those of the file
   * @throws IllegalArgumentException if the family has no such field or value
   */
  public void usePictureOptions(Map<String, ?> options) {
    preparation = Preparation.of(stated, Texts.require("options", options));
  }

  /**
   * Limits the memory of pictures that no prompt uses at the moment; default {@value
   * #DEFAULT_PICTURE_BYTES} bytes. The least recently used are dropped and computed again when they
   * come back.
   *
   * @param bytes maximum size; 0 keeps none
   * @throws IllegalArgumentException if it is negative
   */
  public void limitPictures(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes: expected at least 0, found " + bytes);
    }
    store.limit(bytes);
  }

  /** Frees the memory, after calls in progress; no effect on a view with one adapter. */
  @Override
  public void close() {
    if (adapter.isPresent()) {
      return;
    }
    texts.close();
    store.close();
  }
}
