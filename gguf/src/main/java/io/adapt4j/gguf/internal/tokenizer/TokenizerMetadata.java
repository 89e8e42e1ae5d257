package io.adapt4j.gguf.internal.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.family.Families;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Writes the tokenizer of a checkpoint folder as GGUF metadata keys. */
public final class TokenizerMetadata {

  private static final String PREFIX = "tokenizer.ggml.";
  private static final String SPACE = "add_space_prefix";

  /** Families derived from Llama, whose checkpoints may have any tokenizer. */
  private static final Set<String> LIKE_LLAMA =
      Set.of(
          "llama",
          "mistral",
          "ministral",
          "ministral3",
          "mistral3",
          "apertus",
          "helium",
          "arcee",
          "granite",
          "smollm3");

  private static final Set<String> GEMMA =
      Set.of(
          "gemma",
          "gemma2",
          "gemma3_text",
          "gemma3",
          "gemma3n_text",
          "gemma3n",
          "gemma4_text",
          "gemma4",
          "vaultgemma");

  /** Families whose files hold merges rather than scores. */
  private static final Set<String> WITH_MERGES = Set.of("gemma4_text", "gemma4");

  /** Vocabulary size of small Granite models, whose texts do not begin with BOS. */
  private static final int GRANITE_TOKENS = 49_152;

  /** Id of Gemma 1's end-of-turn token. */
  private static final int END_OF_TURN = 107;

  private final TokenizerFolder folder;
  private final String family;
  private final int size;

  private TokenizerMetadata(TokenizerFolder folder, String family, int size) {
    this.folder = folder;
    this.family = family;
    this.size = size;
  }

  /** Prepares a description. */
  public static TokenizerMetadata read(Path folder, String family, int size) {
    return new TokenizerMetadata(TokenizerFolder.read(folder), family, size);
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
    if (LIKE_LLAMA.contains(family) && stated.isBoolean()) {
      target.bool(PREFIX + SPACE, stated.booleanValue());
    }
    if (Families.readTexts(family)
        && folder.tokenizer().filter(WordPieceVocabulary::isOf).isPresent()) {
      WordPieceVocabulary.write(folder, size, target);
      return;
    }
    Optional<Path> stored = folder.sentencePiece().filter(file -> mayBeSentencePiece());
    boolean scored =
        stored.isPresent() || folder.tokenizer().filter(SentencePieceVocabulary::isOf).isPresent();
    boolean merged = WITH_MERGES.contains(family) && stored.isEmpty() && scored;
    if (merged) {
      target.string(PREFIX + "model", "gemma4");
      SentencePieceVocabulary.merged(folder, size).write(target, true);
      target.strings(PREFIX + "merges", BytePairVocabulary.merges(folder));
    } else if (scored) {
      target.string(PREFIX + "model", "llama");
      target.string(PREFIX + "pre", "default");
      Vocabulary vocabulary =
          stored.isPresent()
              ? SentencePieceVocabulary.stored(folder, stored.get(), size, family.equals("phi3"))
              : SentencePieceVocabulary.ranked(folder, size);
      vocabulary.write(target, true);
    } else {
      BytePairVocabulary.require(folder);
      target.string(PREFIX + "model", "gpt2");
      target.string(PREFIX + "pre", preTokenizer.orElseGet(() -> PreTokenizers.find(folder)));
      BytePairVocabulary.read(folder, size).write(target, false);
      target.strings(PREFIX + "merges", BytePairVocabulary.merges(folder));
    }
    ownSpace(stored, stated).ifPresent(prepends -> target.bool(PREFIX + SPACE, prepends));
    SpecialVocabulary special = SpecialVocabulary.read(folder, size);
    special.write(target);
    ChatTemplates.write(templates, target);
    special.writeNormalizer(target);
    if (family.equals("gemma")
        && folder.token(END_OF_TURN).filter("<end_of_turn>"::equals).isPresent()) {
      target.uint32(PREFIX + "eot_token_id", END_OF_TURN);
    }
    if (LIKE_LLAMA.contains(family) && size == GRANITE_TOKENS) {
      target.bool(PREFIX + "add_bos_token", false);
    }
    boolean withoutSpace =
        GEMMA.contains(family)
            || (stored.isEmpty() && !stated.isBoolean() && !folder.prependsSpace());
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
    if (Families.readTexts(family)) {
      special.fill(Map.of("pad", "<pad>", "mask", "<mask>"), folder);
    }
    special.write(target);
    ChatTemplates.write(templates, target);
  }

  /**
   * Returns whether official files of some families state a leading space; empty to follow the
   * tokenizer.
   */
  private Optional<Boolean> ownSpace(Optional<Path> stored, JsonNode stated) {
    return switch (family) {
      case "ernie4_5" ->
          stated.isBoolean() && stored.isPresent()
              ? Optional.of(stated.booleanValue())
              : Optional.empty();
      case "internlm2" -> stored.map(file -> SentencePieceModel.read(file).prependsSpace());
      default -> Optional.empty();
    };
  }

  /**
   * Returns whether a family may use SentencePiece; some are byte-level whatever other files exist.
   */
  private boolean mayBeSentencePiece() {
    return switch (family) {
      case "gpt2",
          "gpt_neox",
          "gpt_bigcode",
          "bloom",
          "olmo",
          "olmo2",
          "olmo3",
          "phi",
          "glm",
          "glm4",
          "cohere",
          "cohere2",
          "starcoder2",
          "stablelm",
          "exaone4",
          "seed_oss",
          "hunyuan_v1_dense",
          "falcon" ->
          false;
      case "phi3" -> !folder.config().path("tokenizer_class").asText().equals("GPT2Tokenizer");
      default -> true;
    };
  }
}
