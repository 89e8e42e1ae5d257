package io.adapt4j.core.internal.data;

import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.data.MaskedRow;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.data.SampleEncoding;
import io.adapt4j.core.internal.chat.ChatEncoder;
import io.adapt4j.core.internal.chat.EncodedChat;
import io.adapt4j.core.internal.chat.PictureTokens;
import io.adapt4j.core.internal.chat.TemplateMarker;
import io.adapt4j.core.tokenize.Encoding;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.jinja.TemplateException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Turns examples into token ids and labels.
 *
 * <p>Texts begin with the special tokens that the tokenizer adds (such as bos) and end with the
 * end-of-sequence token, unless the text already ends with it. Every token of an {@link
 * Example.Text} is trained on. For an {@link Example.PromptCompletion} only the completion and the
 * end of sequence are: prompt and completion are tokenized as one text, since the completion alone
 * could have other tokens than the model generates after the prompt; a token with characters of
 * both belongs to the completion. An {@link Example.Chat} is rendered by the model's chat template
 * with nothing added; the assistant's messages are trained on. {@link LossOn} changes which tokens
 * are trained on.
 *
 * <p>Deterministic and thread-safe. Does not close the tokenizer.
 */
public final class ExampleEncoder implements SampleEncoding {

  private static final int TURN_END_SLACK = 4;

  private final Tokenizer tokenizer;
  private final LengthLimit limit;
  private final LossOn lossOn;
  private final boolean appendEos;

  /** Null if there is no chat template. */
  private final ChatEncoder chatEncoder;

  private final ChatTemplate chatTemplate;
  private final @Nullable PictureTokens pictures;
  private volatile boolean metChat;

  /** Computed lazily. */
  private volatile Optional<TemplateMarker> turnEnd;

  private ExampleEncoder(Builder builder) {
    this.tokenizer = builder.tokenizer;
    this.limit =
        new LengthLimit(
            builder.maxLength,
            builder.overflow,
            builder.overlap,
            builder.tokenizer.bosId(),
            builder.tokenizer.eosId());
    this.lossOn = builder.lossOn;
    this.appendEos = builder.appendEos;
    this.chatTemplate = builder.chatTemplate;
    this.pictures = builder.pictures;
    this.chatEncoder =
        builder.chatTemplate == null
            ? null
            : new ChatEncoder(builder.tokenizer, builder.chatTemplate, builder.pictures);
  }

  public static Builder builder(Tokenizer tokenizer, int maxLength) {
    return new Builder(tokenizer, maxLength);
  }

  /** Options of an encoder. */
  public static final class Builder {

    private static final int DEFAULT_OVERLAP = 1;

    private final Tokenizer tokenizer;
    private final int maxLength;
    private Overflow overflow = Overflow.TRUNCATE_RIGHT;
    private int overlap = DEFAULT_OVERLAP;
    private LossOn lossOn = LossOn.COMPLETION;
    private boolean appendEos = true;
    private ChatTemplate chatTemplate;
    private @Nullable PictureTokens pictures;

    private Builder(Tokenizer tokenizer, int maxLength) {
      if (maxLength < 2) {
        throw new IllegalArgumentException(
            "maxLength must be at least 2, one token and the one after it, found " + maxLength);
      }
      this.tokenizer = tokenizer;
      this.maxLength = maxLength;
    }

    /**
     * Sets how to handle examples longer than the limit. Default: {@link Overflow#TRUNCATE_RIGHT}.
     */
    public Builder overflow(Overflow policy) {
      this.overflow = policy;
      return this;
    }

    /**
     * Sets the overlap of consecutive parts of a split example in tokens, which serve as context
     * and are not trained on twice. A larger overlap gives the first tokens of a part more context.
     * Default: 1, with which every token but the first of the example is predicted once. No effect
     * unless examples are split.
     *
     * @see Overflow#SPLIT
     */
    public Builder overlap(int tokens) {
      this.overlap = tokens;
      return this;
    }

    /** Sets which tokens are trained on. Default: {@link LossOn#COMPLETION}. */
    public Builder lossOn(LossOn tokens) {
      this.lossOn = tokens;
      return this;
    }

    /** Sets whether to append the end-of-sequence token to every sample. Default: true. */
    public Builder appendEos(boolean append) {
      this.appendEos = append;
      return this;
    }

    /**
     * Sets the chat template that renders conversations. Default: none, which rejects an {@link
     * Example.Chat}.
     */
    public Builder chatTemplate(ChatTemplate template) {
      this.chatTemplate = template;
      return this;
    }

    /** Sets how pictures of conversations are encoded. Default: none, which rejects them. */
    public Builder pictures(PictureTokens tokens) {
      this.pictures = tokens;
      return this;
    }

    public ExampleEncoder build() {
      if (overflow == Overflow.SPLIT && (overlap < 1 || overlap > maxLength - 2)) {
        throw new IllegalArgumentException(
            "overlap must be from 1 to maxLength - 2 = " + (maxLength - 2) + ", found " + overlap);
      }
      if (appendEos && tokenizer.eosId().isEmpty()) {
        throw new IllegalArgumentException(
            "the tokenizer names no eos_token, so samples cannot end with it: name it in"
                + " tokenizer_config.json, or set appendEos(false)");
      }
      return new ExampleEncoder(this);
    }
  }

  /** Returns the maximum number of tokens in a sample. */
  @Override
  public int maxLength() {
    return limit.maxLength();
  }

  public int paddingId() {
    return tokenizer.paddingId();
  }

  /** Returns whether an example over the limit is an error. */
  public boolean failsOverLimit() {
    return limit.overflow() == Overflow.FAIL;
  }

  public Optional<ChatTemplate> chatTemplate() {
    return Optional.ofNullable(chatTemplate);
  }

  /** Returns the chat template if a conversation was encoded with it. */
  public Optional<ChatTemplate> usedChatTemplate() {
    return chatTemplate().filter(template -> metChat);
  }

  /**
   * Returns whether a sample teaches the model to stop: it ends with a trained special token, or
   * with the trained text that ends an answer in the chat template.
   */
  public boolean endsTrained(TrainingSample sample) {
    return sample.endsTrained(tokenizer::isSpecial) || endsAtTurn(sample);
  }

  private boolean endsAtTurn(TrainingSample sample) {
    if (chatEncoder == null || !metChat) {
      return false;
    }
    Optional<TemplateMarker> end = turnEnd();
    int last = sample.length() - 1;
    if (end.isEmpty() || sample.labels()[last] == TrainingSample.IGNORED) {
      return false;
    }
    // Whitespace may follow, and the first token may be merged with preceding text.
    int from = Math.max(0, sample.length() - end.get().ids().size() - TURN_END_SLACK);
    int[] tail = Arrays.copyOfRange(sample.ids(), from, sample.length());
    return tokenizer.decode(tail, false).strip().endsWith(end.get().text());
  }

  private Optional<TemplateMarker> turnEnd() {
    if (turnEnd == null) {
      turnEnd = chatEncoder.turnEnd(ChatOptions.defaults());
    }
    return turnEnd;
  }

  /** {@return the tokenizer} */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Returns a sample that is the same in every process, to identify the data. */
  TrainingSample portable(TrainingSample sample) {
    PictureTokens tokens = pictures;
    if (tokens == null) {
      return sample;
    }
    int[] ids = sample.ids().clone();
    for (int i = 0; i < ids.length; i++) {
      ids[i] = ids[i] < PictureTokens.FIRST ? ids[i] : tokens.key(ids[i]);
    }
    return new TrainingSample(ids, sample.labels());
  }

  /** Counts the tokens of an example before it is cut to the limit. */
  public int tokens(Example example) {
    return tokenize(example).length();
  }

  public EncodedRow<TrainingSample> encode(Example example) {
    TrainingSample sample = tokenize(example);
    if (sample.length() > maxLength()
        && limit.overflow() != Overflow.DROP
        && Arrays.stream(sample.ids()).anyMatch(id -> id >= PictureTokens.FIRST)) {
      throw new DatasetException(
          "a conversation with pictures has "
              + sample.length()
              + " tokens, more than maxLength "
              + maxLength()
              + ", and pictures are not cut. Raise maxLength, or drop rows that are too long.");
    }
    return limit.apply(sample);
  }

  /**
   * Tokenizes every row on all processors and selects those that can be trained on, so that batches
   * can be planned before the training starts.
   */
  public EncodableRows filter(Dataset dataset) {
    return new RowFilter(dataset, this).run();
  }

  /**
   * Tokenizes rows together with other processes, each a share of them. The result equals {@link
   * #filter(Dataset)}, but samples of other processes' rows are tokenized on demand.
   */
  public EncodableRows filter(Dataset dataset, Peers peers) {
    return filter(dataset, List.of(), peers);
  }

  /** Tokenizes rows together with other processes and masks some of them. */
  public EncodableRows filter(Dataset dataset, List<MaskedRow> masked, Peers peers) {
    RowMask mask = new RowMask(masked);
    return peers.size() == 1
        ? new RowFilter(dataset, this, mask).run()
        : new SharedRowFilter(dataset, this, mask, peers).run();
  }

  /** Encodes a row; an error names the row. */
  public EncodedRow<TrainingSample> encodeRow(Dataset dataset, int row) {
    Example example = dataset.get(row);
    try {
      return encode(example);
    } catch (DatasetException e) {
      throw new DatasetException(dataset.locate(row) + ": " + e.getMessage(), e);
    }
  }

  private TrainingSample tokenize(Example example) {
    if (example instanceof Example.PromptCompletion pair && lossOn == LossOn.ALL) {
      return withLabels(withEos(tokenizer.encode(pair.prompt() + pair.completion(), true)), 0);
    }
    if (example instanceof Example.PromptCompletion pair) {
      return tokenize(pair.prompt() + pair.completion(), pair.prompt().length());
    }
    if (example instanceof Example.Text text) {
      return withLabels(withEos(tokenizer.encode(text.text(), true)), 0);
    }
    if (example instanceof Example.Chat chat) {
      return tokenize(chat);
    }
    if (example instanceof Example.ChatPrompt) {
      throw new DatasetException(
          "a conversation without a message of the assistant is a prompt, with nothing to learn to"
              + " generate. Remove the row, read the data as the shape MESSAGES, which leaves such"
              + " rows to skipMalformed or quarantine, or train with Task.reinforcement.");
    }
    throw new DatasetException(
        "a "
            + example.getClass().getSimpleName()
            + " example has no text to learn to generate: read the rows as texts, prompts with"
            + " completions or chats, or train for their own task.");
  }

  /** Encodes an answer to a prompt, with loss on the answer only; not limited in length. */
  TrainingSample answer(String prompt, String completion) {
    return tokenize(prompt + completion, prompt.length());
  }

  /**
   * Encodes a continuation of a conversation, with loss on its assistant messages only; not limited
   * in length.
   */
  TrainingSample answer(List<ChatMessage> prompt, List<ChatMessage> completion) {
    requireChatTemplate();
    try {
      return learned(chatEncoder.encodeContinuation(prompt, completion, ChatOptions.defaults()));
    } catch (ChatException | TemplateException e) {
      throw refused(e);
    }
  }

  /** Applies the length limit to a sample. */
  EncodedRow<TrainingSample> limited(TrainingSample sample) {
    return limit.apply(sample);
  }

  private static DatasetException refused(RuntimeException e) {
    return new DatasetException("the chat template refuses the conversation: " + e.getMessage(), e);
  }

  boolean hasMetChat() {
    return metChat;
  }

  /** Records that another process has encoded a conversation. */
  void meetChat() {
    metChat = true;
  }

  private void requireChatTemplate() {
    if (chatEncoder == null) {
      throw new DatasetException(
          "a conversation needs a chat template to become a text. Name one with"
              + " chatTemplate(...), such as chatml, or read the rows as prompts with"
              + " completions.");
    }
    metChat = true;
  }

  private TrainingSample tokenize(Example.Chat chat) {
    requireChatTemplate();
    ChatOptions defaults = ChatOptions.defaults();
    ChatOptions options = chat.tools().isEmpty() ? defaults : defaults.withTools(chat.tools());
    try {
      return lossOn == LossOn.ALL ? whole(chat, options) : assistantOnly(chat, options);
    } catch (ChatException | TemplateException e) {
      throw refused(e);
    }
  }

  private TrainingSample whole(Example.Chat chat, ChatOptions options) {
    if (PictureTokens.sources(chat.messages()).isEmpty()) {
      return withLabels(requireTokens(chatEncoder.encode(chat.messages(), options)), 0);
    }
    return learned(chatEncoder.encodeWhole(chat.messages(), options));
  }

  private TrainingSample assistantOnly(Example.Chat chat, ChatOptions options) {
    return learned(
        chatEncoder.encodeWithMask(chat.messages(), options, lossOn == LossOn.LAST_ASSISTANT));
  }

  private static TrainingSample learned(EncodedChat encoded) {
    int[] labels = requireTokens(encoded.ids()).clone();
    for (int i = 0; i < labels.length; i++) {
      boolean learned = encoded.assistantMask()[i] && labels[i] < PictureTokens.FIRST;
      labels[i] = learned ? labels[i] : TrainingSample.IGNORED;
    }
    return new TrainingSample(encoded.ids(), labels);
  }

  private static int[] requireTokens(int[] ids) {
    if (ids.length == 0) {
      throw new DatasetException(
          "the chat template makes nothing of the conversation. Check the template.");
    }
    return ids;
  }

  private TrainingSample tokenize(String text, int promptLength) {
    Encoding encoding = tokenizer.encodeWithOffsets(text, true);
    int first = 0;
    while (first < encoding.length() && isOfPrompt(encoding, first, promptLength)) {
      first++;
    }
    return withLabels(withEos(encoding.ids()), first);
  }

  /**
   * Returns whether a token belongs to the prompt. A special token before the text, such as bos,
   * ends at 0 and so does.
   */
  private static boolean isOfPrompt(Encoding encoding, int token, int promptLength) {
    return encoding.ends()[token] <= promptLength;
  }

  private int[] withEos(int[] ids) {
    OptionalInt eos = tokenizer.eosId();
    boolean ended = ids.length > 0 && eos.isPresent() && ids[ids.length - 1] == eos.getAsInt();
    if (!appendEos || ended) {
      return ids;
    }
    int[] longer = Arrays.copyOf(ids, ids.length + 1);
    longer[ids.length] = eos.getAsInt();
    return longer;
  }

  private static TrainingSample withLabels(int[] ids, int firstLabel) {
    int[] labels = ids.clone();
    Arrays.fill(labels, 0, Math.min(firstLabel, labels.length), TrainingSample.IGNORED);
    return new TrainingSample(ids, labels);
  }
}
