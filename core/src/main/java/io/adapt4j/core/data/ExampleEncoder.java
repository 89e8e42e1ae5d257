package io.adapt4j.core.data;

import io.adapt4j.core.chat.ChatEncoder;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.chat.EncodedChat;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.template.TemplateException;
import io.adapt4j.core.tokenize.Encoding;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Turns examples into token ids and labels.
 *
 * <p>Texts begin with what the tokenizer puts before a text (bos, if the model has it so) and end
 * with the end-of-sequence token, unless the text already ends with it. Of a {@link Example.Text}
 * every token is trained on. Of a {@link Example.PromptCompletion} only the completion and the end
 * of sequence are: prompt and completion are tokenized as one text, since tokenizing the completion
 * alone would give other tokens than the model meets when it continues the prompt; a token that has
 * characters of both belongs to the completion. An {@link Example.Chat} is what the model's chat
 * template makes of it, nothing added; what the assistant says in it is trained on.
 *
 * <p>Deterministic and thread-safe. Does not close the tokenizer.
 */
public final class ExampleEncoder {

  private final Tokenizer tokenizer;
  private final int maxLength;
  private final Overflow overflow;
  private final boolean appendEos;

  /** Null where conversations cannot be encoded. */
  private final ChatEncoder chatEncoder;

  private final ChatTemplate chatTemplate;
  private volatile boolean metChat;

  private ExampleEncoder(Builder builder) {
    this.tokenizer = builder.tokenizer;
    this.maxLength = builder.maxLength;
    this.overflow = builder.overflow;
    this.appendEos = builder.appendEos;
    this.chatTemplate = builder.chatTemplate;
    this.chatEncoder =
        builder.chatTemplate == null
            ? null
            : new ChatEncoder(builder.tokenizer, builder.chatTemplate);
  }

  /**
   * Starts an encoder.
   *
   * @param tokenizer the model's tokenizer, open as long as the encoder is in use
   * @param maxLength most tokens of a sample, at least 2
   * @return a builder
   * @throws IllegalArgumentException if the length is below 2
   */
  public static Builder builder(Tokenizer tokenizer, int maxLength) {
    return new Builder(tokenizer, maxLength);
  }

  /** Options of an encoder. */
  public static final class Builder {

    private final Tokenizer tokenizer;
    private final int maxLength;
    private Overflow overflow = Overflow.TRUNCATE_RIGHT;
    private boolean appendEos = true;
    private ChatTemplate chatTemplate;

    private Builder(Tokenizer tokenizer, int maxLength) {
      if (maxLength < 2) {
        throw new IllegalArgumentException(
            "maxLength must be at least 2, one token and the one after it, found " + maxLength);
      }
      this.tokenizer = tokenizer;
      this.maxLength = maxLength;
    }

    /**
     * Says what to do with examples longer than the limit. Default: {@link
     * Overflow#TRUNCATE_RIGHT}.
     *
     * @param policy what to do
     * @return this
     */
    public Builder overflow(Overflow policy) {
      this.overflow = policy;
      return this;
    }

    /**
     * Says whether to end every sample with the end-of-sequence token. Default: true.
     *
     * @param append whether to end samples with it
     * @return this
     */
    public Builder appendEos(boolean append) {
      this.appendEos = append;
      return this;
    }

    /**
     * Names the template that makes texts of conversations. Default: none, and an {@link
     * Example.Chat} is refused.
     *
     * @param template the model's chat template
     * @return this
     */
    public Builder chatTemplate(ChatTemplate template) {
      this.chatTemplate = template;
      return this;
    }

    /**
     * Builds the encoder.
     *
     * @return the encoder
     * @throws IllegalArgumentException if samples are to end with an end-of-sequence token that the
     *     tokenizer does not have
     */
    public ExampleEncoder build() {
      if (appendEos && tokenizer.eosId().isEmpty()) {
        throw new IllegalArgumentException(
            "the tokenizer names no eos_token, so samples cannot end with it: name it in"
                + " tokenizer_config.json, or set appendEos(false)");
      }
      return new ExampleEncoder(this);
    }
  }

  /**
   * Returns the most tokens a sample can have.
   *
   * @return the limit in tokens
   */
  public int maxLength() {
    return maxLength;
  }

  /**
   * Returns the id to fill the rows of a batch with.
   *
   * @return the tokenizer's {@link Tokenizer#paddingId()}
   */
  public int paddingId() {
    return tokenizer.paddingId();
  }

  /**
   * Tells whether an example over the limit is an error.
   *
   * @return whether the policy is {@link Overflow#FAIL}
   */
  public boolean failsOverLimit() {
    return overflow == Overflow.FAIL;
  }

  /**
   * Returns the template that makes texts of conversations.
   *
   * @return the template; empty if there is none
   */
  public Optional<ChatTemplate> chatTemplate() {
    return Optional.ofNullable(chatTemplate);
  }

  /**
   * Returns the template if a conversation was encoded with it.
   *
   * @return the template; empty as long as there was no conversation
   */
  public Optional<ChatTemplate> usedChatTemplate() {
    return chatTemplate().filter(template -> metChat);
  }

  /**
   * Returns the tokenizer.
   *
   * @return the tokenizer that the encoder was made with
   */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * Counts the tokens of an example before it is cut to the limit.
   *
   * @param example the example
   * @return how many tokens, special tokens among them
   * @throws DatasetException if it is of a kind that holds no text to generate
   */
  public int tokens(Example example) {
    return tokenize(example).length();
  }

  /**
   * Tokenizes an example.
   *
   * @param example the example
   * @return the sample, or why to leave the example out
   * @throws DatasetException if it is longer than the limit and the policy is {@link
   *     Overflow#FAIL}, or if it is of a kind that holds no text to generate
   */
  public EncodedExample encode(Example example) {
    TrainingSample sample = tokenize(example);
    if (sample.length() <= maxLength) {
      return keep(sample, sample.length(), false);
    }
    return switch (overflow) {
      case DROP -> new EncodedExample.Dropped(EncodedExample.Reason.TOO_LONG, sample.length());
      case FAIL ->
          throw new DatasetException(
              "an example has "
                  + sample.length()
                  + " tokens, expected at most "
                  + maxLength
                  + ". Shorten it, raise the limit, or choose to truncate or drop.");
      case TRUNCATE_RIGHT -> keep(truncate(sample), sample.length(), true);
    };
  }

  /**
   * Tokenizes every row once and tells which can be trained on, so that batches can be planned
   * before the training starts.
   *
   * @param dataset the rows
   * @return the rows that remain, and counts
   * @throws DatasetException if a row is longer than the limit and the policy is {@link
   *     Overflow#FAIL}; it names the row
   */
  public EncodableRows filter(Dataset dataset) {
    int[] rows = new int[dataset.size()];
    int kept = 0;
    int truncated = 0;
    int tooLong = 0;
    int nothingToLearn = 0;
    long tokens = 0;
    long targetTokens = 0;
    int longest = 0;
    MessageDigest digest = FileDigest.sha256();
    for (int row = 0; row < rows.length; row++) {
      EncodedExample encoded = encodeRow(dataset, row);
      if (encoded instanceof EncodedExample.Kept one) {
        rows[kept++] = row;
        truncated += one.truncated() ? 1 : 0;
        tokens += one.sample().length();
        targetTokens += one.sample().targetTokens();
        longest = Math.max(longest, one.sample().length());
        digest(digest, one.sample());
      } else if (encoded instanceof EncodedExample.Dropped one) {
        tooLong += one.reason() == EncodedExample.Reason.TOO_LONG ? 1 : 0;
        nothingToLearn += one.reason() == EncodedExample.Reason.NOTHING_TO_LEARN ? 1 : 0;
      }
    }
    return new EncodableRows(
        kept == rows.length ? dataset : dataset.subset(Arrays.copyOf(rows, kept)),
        new EncodingReport(
            rows.length,
            kept,
            truncated,
            tooLong,
            nothingToLearn,
            tokens,
            targetTokens,
            longest,
            HexFormat.of().formatHex(digest.digest())));
  }

  private static void digest(MessageDigest digest, TrainingSample sample) {
    ByteBuffer bytes = ByteBuffer.allocate((2 * sample.length() + 1) * Integer.BYTES);
    bytes.putInt(sample.length());
    bytes.asIntBuffer().put(sample.ids()).put(sample.labels());
    digest.update(bytes.array());
  }

  /** Encodes a row, naming it if that fails. */
  EncodedExample encodeRow(Dataset dataset, int row) {
    Example example = dataset.get(row);
    try {
      return encode(example);
    } catch (DatasetException e) {
      throw new DatasetException(dataset.locate(row) + ": " + e.getMessage(), e);
    }
  }

  private TrainingSample tokenize(Example example) {
    if (example instanceof Example.PromptCompletion pair) {
      return tokenize(pair.prompt() + pair.completion(), pair.prompt().length());
    }
    if (example instanceof Example.Text text) {
      return withLabels(withEos(tokenizer.encode(text.text(), true)), 0);
    }
    if (example instanceof Example.Chat chat) {
      return tokenize(chat);
    }
    throw new DatasetException(
        "a "
            + example.getClass().getSimpleName()
            + " example has no text to learn to generate: read the rows as texts, prompts with"
            + " completions or chats, or train for their own task.");
  }

  private TrainingSample tokenize(Example.Chat chat) {
    if (chatEncoder == null) {
      throw new DatasetException(
          "a conversation needs a chat template to become a text. Give the encoder the model's, or"
              + " read the rows as prompts with completions.");
    }
    metChat = true;
    ChatOptions options = ChatOptions.defaults();
    EncodedChat encoded;
    try {
      encoded =
          chatEncoder.encodeWithMask(
              chat.messages(), chat.tools().isEmpty() ? options : options.withTools(chat.tools()));
    } catch (ChatException | TemplateException e) {
      throw new DatasetException(
          "the chat template refuses the conversation: " + e.getMessage(), e);
    }
    if (encoded.ids().length == 0) {
      throw new DatasetException(
          "the chat template makes nothing of the conversation. Check the template.");
    }
    int[] labels = encoded.ids().clone();
    for (int i = 0; i < labels.length; i++) {
      labels[i] = encoded.assistantMask()[i] ? labels[i] : TrainingSample.IGNORED;
    }
    return new TrainingSample(encoded.ids(), labels);
  }

  private TrainingSample tokenize(String text, int promptLength) {
    Encoding encoding = tokenizer.encodeWithOffsets(text, true);
    int first = 0;
    while (first < encoding.length() && isOfPrompt(encoding, first, promptLength)) {
      first++;
    }
    return withLabels(withEos(encoding.ids()), first);
  }

  /** A token before the text, such as bos, ends at 0 and so is of the prompt. */
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

  private TrainingSample truncate(TrainingSample sample) {
    int[] ids = Arrays.copyOf(sample.ids(), maxLength);
    int[] labels = Arrays.copyOf(sample.labels(), maxLength);
    int last = sample.length() - 1;
    if (isEos(sample.ids()[last])) {
      ids[maxLength - 1] = sample.ids()[last];
      labels[maxLength - 1] = sample.labels()[last];
    }
    return new TrainingSample(ids, labels);
  }

  private EncodedExample keep(TrainingSample sample, int tokens, boolean truncated) {
    return hasContentToLearn(sample)
        ? new EncodedExample.Kept(sample, truncated)
        : new EncodedExample.Dropped(EncodedExample.Reason.NOTHING_TO_LEARN, tokens);
  }

  private boolean hasContentToLearn(TrainingSample sample) {
    for (int i = 1; i < sample.length(); i++) {
      if (sample.labels()[i] != TrainingSample.IGNORED && !isEos(sample.ids()[i])) {
        return true;
      }
    }
    return false;
  }

  private boolean isEos(int id) {
    OptionalInt eos = tokenizer.eosId();
    return eos.isPresent() && eos.getAsInt() == id;
  }
}
