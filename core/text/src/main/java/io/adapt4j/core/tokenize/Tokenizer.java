package io.adapt4j.core.tokenize;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.base.Suppliers;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.UnpairedSurrogates;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * A Hugging Face tokenizer, read from a model folder: {@code tokenizer.json}, and, if present,
 * {@code tokenizer_config.json} and {@code special_tokens_map.json}.
 *
 * <p>Truncates only in the methods that say so, and never pads, whatever the file says. Special
 * tokens that appear in a text are read as those tokens, as in Transformers. Deterministic and
 * thread-safe; the caller closes it. Closing twice is harmless; any use of text or ids after
 * closing is an {@link IllegalStateException}.
 */
public final class Tokenizer implements AutoCloseable {

  private final Vocabulary vocabulary;
  private final SpecialTokens specialTokens;
  private final NativeTokenizer tokenizer;
  private final Frame frame;
  private final Optional<SpelledOffsets> spelled;
  private final Supplier<TokenBytes> tokenBytes;
  private final LongTexts longTexts;

  private Tokenizer(
      Vocabulary vocabulary,
      SpecialTokens specialTokens,
      NativeTokenizer tokenizer,
      Frame frame,
      LongTexts longTexts,
      Supplier<TokenBytes> tokenBytes) {
    this.vocabulary = vocabulary;
    this.specialTokens = specialTokens;
    this.tokenizer = tokenizer;
    this.frame = frame;
    this.longTexts = longTexts;
    this.spelled = SpelledOffsets.of(tokenizer, vocabulary);
    this.tokenBytes = Suppliers.memoize(tokenBytes::get);
  }

  /**
   * Loads the tokenizer of a model folder.
   *
   * @param folder the folder that holds {@code tokenizer.json}
   * @return the tokenizer, to be closed by the caller
   * @throws CheckpointException if {@code tokenizer.json} is missing or invalid, or a special token
   *     is not in it
   */
  public static Tokenizer load(Path folder) {
    TokenizerFile file = TokenizerFile.read(folder);
    Vocabulary vocabulary = Vocabulary.read(file.path(), file.root());
    SpecialTokens specialTokens = SpecialTokens.read(folder, vocabulary, file.isWordPiece());
    NativeTokenizer tokenizer = NativeTokenizer.open(folder, file);
    try {
      Frame frame =
          specialTokens
              .affixes()
              .map(affixes -> affixes.frame(specialTokens))
              .orElseGet(() -> Frame.of(tokenizer, vocabulary));
      JsonNode decoder = file.root().path("decoder");
      return new Tokenizer(
          vocabulary,
          specialTokens,
          tokenizer,
          frame,
          new LongTexts(tokenizer, TokenReach.of(file.root(), vocabulary)),
          () -> TokenSpelling.of(file.path(), decoder, vocabulary));
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /**
   * Encodes a text as token ids.
   *
   * @param text the text; may be empty
   * @param addSpecialTokens whether to add the tokens the model expects around a text, such as bos
   * @return the ids
   * @throws IllegalArgumentException if the text has an unpaired surrogate
   */
  public int[] encode(String text, boolean addSpecialTokens) {
    requireWellFormed(text);
    int[] ids = tokenizer.encode(text);
    return addSpecialTokens ? frame.around(ids) : ids;
  }

  /**
   * Encodes a text of any length in little memory: in parts, and no further than the limit on
   * tokens. The ids are those of {@link #encode(String, boolean)}.
   *
   * @param mostTokens maximum number of tokens of the text, without added ones
   * @param isCancelled polled between the parts, on this thread
   * @return the ids
   * @throws IllegalArgumentException if the text has more tokens
   * @throws java.util.concurrent.CancellationException if it is cancelled
   * @throws IllegalArgumentException if the text has an unpaired surrogate, or hundreds of
   *     thousands of characters without any place to divide it
   */
  public int[] encode(
      String text, boolean addSpecialTokens, int mostTokens, BooleanSupplier isCancelled) {
    requireWellFormed(text);
    int[] ids = longTexts.encode(text, mostTokens, isCancelled);
    return addSpecialTokens ? frame.around(ids) : ids;
  }

  /**
   * Refuses a text whose length implies too many tokens even if all were the longest one.
   *
   * @param characters length of the text
   * @param mostTokens maximum number of tokens
   * @throws IllegalArgumentException if it must have more
   */
  public void requireLength(int characters, int mostTokens) {
    longTexts.requireLength(characters, mostTokens);
  }

  /**
   * Encodes many texts as token ids, in parallel if the machine has idle cores.
   *
   * @param texts the texts
   * @param addSpecialTokens whether to add the tokens the model expects around a text, such as bos
   * @return the ids of each text, in the order of the texts
   * @throws IllegalArgumentException if a text has an unpaired surrogate
   */
  public List<int[]> encodeAll(List<String> texts, boolean addSpecialTokens) {
    texts.forEach(Tokenizer::requireWellFormed);
    List<int[]> all = tokenizer.encodeAll(texts);
    return addSpecialTokens ? all.stream().map(frame::around).toList() : all;
  }

  /**
   * Encodes a text with the tokens that the model expects around it, and truncates the text at the
   * end so that all fit.
   *
   * @param maxLength maximum number of ids, including added ones
   * @return the ids
   * @throws IllegalArgumentException if the text has an unpaired surrogate, or there is no room
   */
  public int[] encodeTruncated(String text, int maxLength) {
    frame.requireRoom(maxLength);
    requireWellFormed(text);
    return frame.aroundTruncated(longTexts.encodeBeginning(text, maxLength), maxLength);
  }

  /**
   * Encodes many texts, each as {@link #encodeTruncated} does.
   *
   * @param maxLength maximum number of ids of a text, including added ones
   * @return the ids of each text, in the order of the texts
   * @throws IllegalArgumentException if a text has an unpaired surrogate, or there is no room
   */
  public List<int[]> encodeAllTruncated(List<String> texts, int maxLength) {
    frame.requireRoom(maxLength);
    if (texts.stream().anyMatch(text -> text.length() > LongTexts.WHOLE)) {
      return texts.stream().map(text -> encodeTruncated(text, maxLength)).toList();
    }
    texts.forEach(Tokenizer::requireWellFormed);
    return tokenizer.encodeAll(texts).stream()
        .map(ids -> frame.aroundTruncated(ids, maxLength))
        .toList();
  }

  /**
   * Encodes a text with the span of characters of each token.
   *
   * @param addSpecialTokens whether to add the tokens the model expects around a text, such as bos
   * @return ids, offsets and which tokens were added
   * @throws IllegalArgumentException if the text has an unpaired surrogate
   */
  public Encoding encodeWithOffsets(String text, boolean addSpecialTokens) {
    Encoding encoding = encodePlain(text);
    return addSpecialTokens ? frame.around(encoding) : encoding;
  }

  /**
   * Encodes the beginning of a text, without added tokens.
   *
   * @param mostTokens maximum number of ids
   * @return the first ids of the text
   * @throws IllegalArgumentException if the text has an unpaired surrogate
   */
  public int[] encodeBeginning(String text, int mostTokens) {
    requireWellFormed(text);
    int[] ids = longTexts.encodeBeginning(text, mostTokens);
    return ids.length <= mostTokens ? ids : Arrays.copyOf(ids, mostTokens);
  }

  /**
   * Encodes a pair of texts as one sequence with the tokens that the model expects around and
   * between them, for models such as cross-encoders.
   *
   * @param first the first text; may be empty
   * @param second the second text; may be empty
   * @return ids, type ids, offsets in the text of a token, and which tokens were added
   * @throws IllegalArgumentException if a text has an unpaired surrogate
   */
  public Encoding encodePair(String first, String second) {
    return frame.around(encodePlain(first), encodePlain(second));
  }

  /**
   * Encodes a pair of texts as {@link #encodePair(String, String)} does, and truncates the longer
   * text, or both to the same length, at the end so that all fit: the strategy {@code
   * longest_first} of Transformers. If an odd number of tokens is left for two texts that are both
   * too long, the one that was longer gets one more; if they were equal, the second.
   *
   * @param maxLength maximum number of ids, including added ones
   * @return ids, type ids, offsets in the text of a token, and which tokens were added
   * @throws IllegalArgumentException if a text has an unpaired surrogate
   * @throws IllegalArgumentException if the added tokens leave no room for a token of each text
   */
  public Encoding encodePair(String first, String second, int maxLength) {
    return encodePairs(first, List.of(second), maxLength).get(0);
  }

  /**
   * Encodes pairs of one text with each of others as {@link #encodePair(String, String, int)} does.
   * For texts of tens of thousands of characters, the longer one is determined by characters.
   *
   * @param first the first text of every pair; may be empty
   * @param seconds the second texts
   * @param maxLength maximum number of ids, including added ones
   * @return a sequence for each second text, in order
   * @throws IllegalArgumentException as the other method does
   */
  public List<Encoding> encodePairs(String first, List<String> seconds, int maxLength) {
    frame.requireRoomForPair(maxLength);
    Encoding begun = encodePlain(longTexts.beginning(first, maxLength + 1));
    return seconds.stream().map(second -> pair(first, begun, second, maxLength)).toList();
  }

  private Encoding pair(String first, Encoding begun, String second, int maxLength) {
    Encoding other = encodePlain(longTexts.beginning(second, maxLength + 1));
    if (Math.max(first.length(), second.length()) <= LongTexts.WHOLE) {
      return frame.aroundTruncated(begun, other, maxLength);
    }
    boolean firstIsLonger = first.length() > second.length();
    return frame.aroundTruncated(
        begun.head(firstIsLonger ? maxLength + 1 : maxLength),
        other.head(firstIsLonger ? maxLength : maxLength + 1),
        maxLength);
  }

  /**
   * Encodes a prompt for a model to continue: with the tokens that are added before a text, such as
   * bos, and without those added after it, such as eos.
   *
   * @return the ids; empty only for an empty text without added tokens
   * @throws IllegalArgumentException if the text has an unpaired surrogate
   */
  public int[] encodePrompt(String text) {
    requireWellFormed(text);
    return frame.beforePrompt(tokenizer.encode(text));
  }

  /**
   * Encodes a prompt of any length as {@link #encodePrompt(String)} does, in parts as {@link
   * #encode(String, boolean, int, BooleanSupplier)} does.
   *
   * @param mostTokens maximum number of tokens of the text, without added ones
   * @param isCancelled polled between the parts, on this thread
   * @return the ids; empty only for an empty text without added tokens
   * @throws IllegalArgumentException as the other method does
   */
  public int[] encodePrompt(String text, int mostTokens, BooleanSupplier isCancelled) {
    return frame.beforePrompt(encode(text, false, mostTokens, isCancelled));
  }

  /**
   * Decodes token ids as text. Ids without a token give no text; bytes that form no valid character
   * give U+FFFD. Spaces before English punctuation are removed, as in Transformers, if the model's
   * files ask for it, and for WordPiece if they do not say.
   *
   * @param ids token ids, at least 0
   * @param skipSpecialTokens whether to leave special tokens out
   * @return the text
   * @throws IllegalArgumentException if an id is negative
   */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    for (int id : ids) {
      requireId(id);
    }
    String text = decodeAsIs(ids, 0, ids.length, skipSpecialTokens);
    return cleansUpSpaces() ? SpaceCleanup.apply(text) : text;
  }

  /**
   * Starts incremental decoding of a text.
   *
   * @return the stream, empty
   */
  public TextStream stream(boolean skipSpecialTokens) {
    return new TextStream(this, skipSpecialTokens, cleansUpSpaces());
  }

  /**
   * Starts incremental decoding of a text that continues other tokens, so that the two texts can be
   * joined: its first token keeps a leading space that it would lose at the beginning of a text.
   * After a special token a new text begins.
   *
   * @param before the preceding tokens; whole characters
   * @return the stream, empty
   * @throws IllegalArgumentException if an id is negative
   */
  public TextStream stream(boolean skipSpecialTokens, int[] before) {
    TextStream stream = new TextStream(this, skipSpecialTokens, cleansUpSpaces());
    stream.follow(before);
    return stream;
  }

  /**
   * Starts incremental decoding as {@link #stream(boolean, int[])} does, but with exactly the bytes
   * of the tokens, including spaces before punctuation that {@link #decode} may remove.
   *
   * @return the stream, empty
   * @throws IllegalArgumentException if an id is negative
   */
  public TextStream exactStream(boolean skipSpecialTokens, int[] before) {
    TextStream stream = new TextStream(this, skipSpecialTokens, false);
    stream.follow(before);
    return stream;
  }

  /**
   * Returns the bytes of each token, which are computed at the first call.
   *
   * @return the bytes; always the same object
   * @throws CheckpointException if the tokenizer's decoder gives tokens no independent bytes, as
   *     that of WordPiece
   */
  public TokenBytes tokenBytes() {
    return tokenBytes.get();
  }

  /** {@return the id of the beginning-of-sequence token, or empty if the model names none} */
  public OptionalInt bosId() {
    return specialTokens.bos();
  }

  /** {@return the id of the end-of-sequence token, or empty if the model names none} */
  public OptionalInt eosId() {
    return specialTokens.eos();
  }

  /** {@return the id of the padding token, or empty if the model names none} */
  public OptionalInt padId() {
    return specialTokens.pad();
  }

  /** {@return the id of the unknown token, or empty if the model names none} */
  public OptionalInt unkId() {
    return specialTokens.unk();
  }

  /** {@return the id of the mask token, or empty if the model names none} */
  public OptionalInt maskId() {
    return specialTokens.mask();
  }

  /**
   * {@return the maximum number of tokens of a text for the model, including added ones, as stated
   * by {@code model_max_length}, or empty if the files state none}
   */
  public OptionalInt modelMaxLength() {
    return specialTokens.maxLength();
  }

  /** {@return the padding id: pad, else eos, else unk, else 0} */
  public int paddingId() {
    if (padId().isPresent()) {
      return padId().getAsInt();
    }
    return eosId().orElse(unkId().orElse(0));
  }

  /**
   * Returns the number of ids, including added tokens: the largest id plus one. A model's embedding
   * may have more rows.
   *
   * @return the number of ids
   */
  public int vocabularySize() {
    return vocabulary.size();
  }

  /**
   * Returns a token as the vocabulary spells it, for example with a marker for a leading space.
   *
   * @param id the token's id
   * @return the token
   * @throws IllegalArgumentException if there is no token with this id
   */
  public String token(int id) {
    requireId(id);
    String token = vocabulary.token(id);
    if (token == null) {
      throw new IllegalArgumentException(
          "no token has the id " + id + "; the vocabulary has " + vocabularySize() + " ids");
    }
    return token;
  }

  /**
   * Finds a token as the vocabulary spells it.
   *
   * @param token the token
   * @return its id, or empty if there is no such token
   */
  public OptionalInt id(String token) {
    return vocabulary.id(token);
  }

  /**
   * Returns whether an id is that of a special token, which decoding can skip.
   *
   * @return whether the token is special
   */
  public boolean isSpecial(int id) {
    requireId(id);
    return vocabulary.isSpecial(id);
  }

  /** Frees the native tokenizer, waiting for calls in progress on other threads. */
  @Override
  public void close() {
    tokenizer.close();
  }

  String decodeAsIs(int[] ids, int from, int to, boolean skipSpecialTokens) {
    return tokenizer.decode(ids, from, to, skipSpecialTokens);
  }

  boolean hasToken(int id) {
    return vocabulary.token(id) != null;
  }

  boolean cleansUpSpaces() {
    return specialTokens.cleanUpSpaces();
  }

  private Encoding encodePlain(String text) {
    requireWellFormed(text);
    return spelled
        .map(offsets -> tokenizer.encodeWithOffsets(text, offsets))
        .orElseGet(() -> tokenizer.encodeWithOffsets(text))
        .inUtf16Units(text);
  }

  private static void requireId(int id) {
    if (id < 0) {
      throw new IllegalArgumentException("a token id must be at least 0, found " + id);
    }
  }

  private static void requireWellFormed(String text) {
    int position = UnpairedSurrogates.indexIn(text);
    if (position >= 0) {
      throw new IllegalArgumentException(
          String.format(
              "the text has an unpaired surrogate (U+%04X) at character %d, which is not valid"
                  + " Unicode. Check how the text was cut or decoded.",
              (int) text.charAt(position), position));
    }
  }
}
