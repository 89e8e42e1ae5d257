package io.adapt4j.core.tokenize;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.UnpairedSurrogates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalInt;

/**
 * A Hugging Face tokenizer, read from a model folder: {@code tokenizer.json}, and beside it, where
 * present, {@code tokenizer_config.json} and {@code special_tokens_map.json}.
 *
 * <p>Never truncates and never pads, whatever the file says. Special tokens written out in a text
 * are read as those tokens, as in Transformers. Deterministic and thread-safe; the caller closes
 * it. Closing twice is harmless; any use of text or ids after closing is an {@link
 * IllegalStateException}.
 */
public final class Tokenizer implements AutoCloseable {

  private final Vocabulary vocabulary;
  private final SpecialTokens specialTokens;
  private final NativeTokenizer tokenizer;

  private Tokenizer(Vocabulary vocabulary, SpecialTokens specialTokens, NativeTokenizer tokenizer) {
    this.vocabulary = vocabulary;
    this.specialTokens = specialTokens;
    this.tokenizer = tokenizer;
  }

  /**
   * Loads the tokenizer of a model folder.
   *
   * @param folder the folder that holds {@code tokenizer.json}
   * @return the tokenizer, to be closed by the caller
   * @throws TokenizerException if {@code tokenizer.json} is missing or invalid, or a special token
   *     is not in it
   * @throws io.adapt4j.core.config.ConfigException if a field beside it has the wrong type
   */
  public static Tokenizer load(Path folder) {
    Path file = folder.resolve("tokenizer.json");
    String json = read(file);
    JsonNode root = parse(file, json);
    Vocabulary vocabulary = Vocabulary.read(file, root);
    SpecialTokens specialTokens = SpecialTokens.read(folder, vocabulary, isWordPiece(root));
    boolean changed = keepWhitespaceInOffsets(root.path("post_processor"));
    try {
      NativeTokenizer tokenizer =
          new NativeTokenizer(folder.toString(), changed ? Json.compact(root) : json);
      return new Tokenizer(vocabulary, specialTokens, tokenizer);
    } catch (RuntimeException e) {
      throw new TokenizerException(
          file
              + ": the tokenizers library cannot use it: "
              + e.getMessage()
              + ". Download the file again, or save it with a current version of Transformers.",
          e);
    }
  }

  /**
   * Turns a text into token ids.
   *
   * @param text the text; may be empty
   * @param addSpecialTokens whether to add the tokens the model expects around a text, such as bos
   * @return the ids
   * @throws TokenizerException if the text has an unpaired surrogate
   */
  public int[] encode(String text, boolean addSpecialTokens) {
    requireWellFormed(text);
    if (!addSpecialTokens || specialTokens.affixes().isEmpty()) {
      return tokenizer.encode(text, addSpecialTokens);
    }
    return encodeWithOffsets(text, true).ids();
  }

  /**
   * Turns a text into token ids with the characters each token came from.
   *
   * @param text the text; may be empty
   * @param addSpecialTokens whether to add the tokens the model expects around a text, such as bos
   * @return ids, offsets and which tokens were added
   * @throws TokenizerException if the text has an unpaired surrogate
   */
  public Encoding encodeWithOffsets(String text, boolean addSpecialTokens) {
    requireWellFormed(text);
    boolean ownAffixes = addSpecialTokens && specialTokens.affixes().isPresent();
    Encoding encoding =
        tokenizer.encodeWithOffsets(text, addSpecialTokens && !ownAffixes).inUtf16Units(text);
    if (!ownAffixes) {
      return encoding;
    }
    SpecialTokens.Affixes affixes = specialTokens.affixes().get();
    return encoding.surroundedBy(
        affix(affixes.bos(), specialTokens.bos()), affix(affixes.eos(), specialTokens.eos()));
  }

  /**
   * Turns the beginning of a text into token ids, for a model to go on from: with the tokens that
   * are added before a text, such as bos, and without those added after it, such as eos.
   *
   * @param text the text; may be empty
   * @return the ids; empty only for an empty text before which nothing is added
   * @throws TokenizerException if the text has an unpaired surrogate
   */
  public int[] encodePrompt(String text) {
    Encoding encoding = encodeWithOffsets(text, true);
    int length = encoding.length();
    int shortest = text.isEmpty() ? 1 : 0;
    while (length > shortest && encoding.special()[length - 1]) {
      length--;
    }
    return Arrays.copyOf(encoding.ids(), length);
  }

  /**
   * Turns token ids into text. Ids without a token give no text; bytes that form no valid character
   * give U+FFFD. Spaces before English punctuation are removed, as in Transformers, where the
   * model's files ask for it, and for word pieces where they do not say.
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
   * Starts a text that grows token by token.
   *
   * @param skipSpecialTokens whether to leave special tokens out
   * @return the stream, empty
   */
  public TextStream stream(boolean skipSpecialTokens) {
    return new TextStream(this, skipSpecialTokens);
  }

  /**
   * Starts a text that goes on from other tokens, so that the two texts can be joined: its first
   * token keeps a leading space it would lose at the beginning of a text. After a special token a
   * new text begins.
   *
   * @param skipSpecialTokens whether to leave special tokens out
   * @param before the tokens it goes on from; whole characters
   * @return the stream, empty
   * @throws IllegalArgumentException if an id is negative
   */
  public TextStream stream(boolean skipSpecialTokens, int[] before) {
    TextStream stream = new TextStream(this, skipSpecialTokens);
    stream.follow(before);
    return stream;
  }

  /**
   * Returns the id of the token that begins a sequence.
   *
   * @return the id, or empty if the model names none
   */
  public OptionalInt bosId() {
    return specialTokens.bos();
  }

  /**
   * Returns the id of the token that ends a sequence.
   *
   * @return the id, or empty if the model names none
   */
  public OptionalInt eosId() {
    return specialTokens.eos();
  }

  /**
   * Returns the id of the padding token.
   *
   * @return the id, or empty if the model names none
   */
  public OptionalInt padId() {
    return specialTokens.pad();
  }

  /**
   * Returns the id of the token that stands for unknown text.
   *
   * @return the id, or empty if the model names none
   */
  public OptionalInt unkId() {
    return specialTokens.unk();
  }

  /**
   * Returns the id to fill rows of a batch with: pad, else eos, else unk, else 0. Any will do,
   * because what is padding is told by position and attention mask, never by the id.
   *
   * @return an id
   */
  public int paddingId() {
    if (padId().isPresent()) {
      return padId().getAsInt();
    }
    return eosId().orElse(unkId().orElse(0));
  }

  /**
   * Returns the number of ids, added tokens included: the largest id plus one. A model's embedding
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
   * Tells whether an id is that of a special token, one that decoding can skip.
   *
   * @param id the token's id
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

  /** Word pieces carry no spaces, so decoding puts one before every word and sign. */
  private static boolean isWordPiece(JsonNode root) {
    return root.path("decoder").path("type").asText("").equals("WordPiece");
  }

  private static int[] affix(boolean wanted, OptionalInt id) {
    return wanted ? new int[] {id.getAsInt()} : new int[0];
  }

  private static void requireId(int id) {
    if (id < 0) {
      throw new IllegalArgumentException("a token id must be at least 0, found " + id);
    }
  }

  private static void requireWellFormed(String text) {
    int position = UnpairedSurrogates.indexIn(text);
    if (position >= 0) {
      throw new TokenizerException(
          String.format(
              "the text has an unpaired surrogate (U+%04X) at character %d, which is not valid"
                  + " Unicode. Check how the text was cut or decoded.",
              (int) text.charAt(position), position));
    }
  }

  private static String read(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new TokenizerException(
          file
              + ": no such file. Give the model folder that holds it; a model that has only"
              + " tokenizer.model or vocab files must be saved again as a fast tokenizer.");
    }
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new TokenizerException(
          file + ": reading failed: " + e + ". Check that it is a readable UTF-8 file.", e);
    }
  }

  private static JsonNode parse(Path file, String json) {
    try {
      JsonNode root = Json.parse(json);
      if (!root.isObject()) {
        throw new TokenizerException(
            file + ": expected a JSON object, found another value. Download the file again.");
      }
      return root;
    } catch (JsonProcessingException e) {
      throw new TokenizerException(
          file + ": not valid JSON: " + e.getOriginalMessage() + ". Download the file again.", e);
    }
  }

  /**
   * Post-processors that trim offsets drop a token's whitespace from its span, so that text would
   * belong to no token. Returns whether anything had to be changed.
   */
  private static boolean keepWhitespaceInOffsets(JsonNode processor) {
    boolean changed = false;
    for (JsonNode inner : processor.path("processors")) {
      changed |= keepWhitespaceInOffsets(inner);
    }
    if (processor instanceof ObjectNode fields && fields.path("trim_offsets").asBoolean(false)) {
      fields.put("trim_offsets", false);
      changed = true;
    }
    return changed;
  }
}
