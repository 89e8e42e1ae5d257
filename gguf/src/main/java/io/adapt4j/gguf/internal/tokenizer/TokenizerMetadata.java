package io.adapt4j.gguf.internal.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.metadata.TokenizerStyle;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** Writes the tokenizer of a checkpoint folder as GGUF metadata keys. */
public final class TokenizerMetadata {

  private static final String PREFIX = "tokenizer.ggml.";
  private static final String SPACE = "add_space_prefix";

  /** Vocabulary size of small Granite models, whose texts do not begin with BOS. */
  private static final int GRANITE_TOKENS = 49_152;

  /** Id of Gemma 1's end-of-turn token. */
  private static final int END_OF_TURN = 107;

  private final TokenizerFolder folder;
  private final TokenizerStyle style;
  private final boolean readsTexts;
  private final int size;

  private TokenizerMetadata(TokenizerFolder folder, GgufFamily family, int size) {
    this.folder = folder;
    this.style = family.tokenizer();
    this.readsTexts = family.readsTexts();
    this.size = size;
  }

  /** Prepares a description. */
  public static TokenizerMetadata read(Path folder, GgufFamily family, int size) {
    return new TokenizerMetadata(TokenizerFolder.read(folder), family, size);
  }

  /** Returns the id of an added token that a model must have. */
  public static int addedToken(Path folder, String text) {
    return TokenizerFolder.read(folder)
        .id(text)
        .orElseThrow(
            () ->
                new CheckpointException(
                    folder.resolve("tokenizer.json")
                        + ": expected an added token '"
                        + text
                        + "', found none. Correct the file."));
  }

  /** {@return whether texts are lowercased before they are split} */
  public boolean lowercases() {
    return folder
        .tokenizer()
        .filter(root -> SpecialVocabulary.lowercases(root.path("normalizer")))
        .isPresent();
  }

  /** Writes the keys. */
  public void write(
      Optional<String> preTokenizer, Map<String, String> templates, GgufMetadata.Builder target) {
    Optional<UnigramVocabulary> unigram = UnigramVocabulary.find(folder, size);
    if (unigram.isPresent()) {
      write(unigram.get(), templates, target);
      return;
    }
    JsonNode stated = folder.config().path("add_prefix_space");
    if (style == TokenizerStyle.LLAMA && stated.isBoolean()) {
      target.bool(PREFIX + SPACE, stated.booleanValue());
    }
    if (readsTexts && folder.tokenizer().filter(WordPieceVocabulary::isOf).isPresent()) {
      WordPieceVocabulary.write(folder, size, target);
      return;
    }
    Optional<Path> stored = folder.sentencePiece().filter(file -> mayBeSentencePiece());
    boolean scored =
        stored.isPresent() || folder.tokenizer().filter(SentencePieceVocabulary::isOf).isPresent();
    boolean merged = style == TokenizerStyle.GEMMA_4 && stored.isEmpty() && scored;
    if (merged) {
      target.string(PREFIX + "model", "gemma4");
      SentencePieceVocabulary.merged(folder, size).write(target, true);
      target.strings(PREFIX + "merges", BytePairVocabulary.merges(folder));
    } else if (scored) {
      target.string(PREFIX + "model", "llama");
      target.string(PREFIX + "pre", "default");
      Vocabulary vocabulary =
          stored.isPresent()
              ? SentencePieceVocabulary.stored(
                  folder, stored.get(), size, style == TokenizerStyle.PHI_3)
              : SentencePieceVocabulary.ranked(folder, size);
      vocabulary.write(target, true);
    } else {
      BytePairVocabulary.require(folder);
      target.string(PREFIX + "model", "gpt2");
      target.string(PREFIX + "pre", preTokenizer.orElseGet(() -> PreTokenizerNames.find(folder)));
      BytePairVocabulary.read(folder, size).write(target, false);
      target.strings(PREFIX + "merges", BytePairVocabulary.merges(folder));
    }
    ownSpace(stored, stated).ifPresent(prepends -> target.bool(PREFIX + SPACE, prepends));
    SpecialVocabulary special = SpecialVocabulary.read(folder, size);
    special.write(target);
    ChatTemplates.write(templates, target);
    special.writeNormalizer(target);
    if (style == TokenizerStyle.GEMMA_1
        && folder.token(END_OF_TURN).filter("<end_of_turn>"::equals).isPresent()) {
      target.uint32(PREFIX + "eot_token_id", END_OF_TURN);
    }
    if (style == TokenizerStyle.LLAMA && size == GRANITE_TOKENS) {
      target.bool(PREFIX + "add_bos_token", false);
    }
    boolean withoutSpace =
        style.isGemma() || (stored.isEmpty() && !stated.isBoolean() && !folder.prependsSpace());
    if (scored && withoutSpace) {
      target.bool(PREFIX + SPACE, false);
    }
    if (merged) {
      target.bool(PREFIX + "add_bos_token", true);
    }
  }

  private void write(
      UnigramVocabulary unigram, Map<String, String> templates, GgufMetadata.Builder target) {
    unigram.write(target);
    SpecialVocabulary special = SpecialVocabulary.read(folder, size);
    unigram.unknown().ifPresent(special::unknown);
    if (readsTexts) {
      special.fill(Map.of("pad", "<pad>", "mask", "<mask>"), folder);
    }
    special.write(target);
    ChatTemplates.write(templates, target);
  }

  /** Returns whether files state a leading space; empty to follow the tokenizer. */
  private Optional<Boolean> ownSpace(Optional<Path> stored, JsonNode stated) {
    return switch (style) {
      case ERNIE ->
          stated.isBoolean() && stored.isPresent()
              ? Optional.of(stated.booleanValue())
              : Optional.empty();
      case INTERN_LM -> stored.map(file -> SentencePieceModel.read(file).prependsSpace());
      default -> Optional.empty();
    };
  }

  private boolean mayBeSentencePiece() {
    return style == TokenizerStyle.PHI_3
        ? !folder.config().path("tokenizer_class").asText().equals("GPT2Tokenizer")
        : style != TokenizerStyle.BYTE_LEVEL;
  }
}
