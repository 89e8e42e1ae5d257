package io.adapt4j.core;

import io.adapt4j.core.internal.SingleUse;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.encode.BioesBiases;
import io.adapt4j.core.internal.encode.BioesDecoder;
import io.adapt4j.core.internal.encode.TokenTagger;
import io.adapt4j.core.internal.encode.ViterbiCalibration;
import io.adapt4j.core.internal.load.ClassNames;
import io.adapt4j.core.internal.load.LoadedEncoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.adapter.AdapterMechanics;
import io.adapt4j.core.internal.tokenize.Words;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.tokenize.Encoding;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A token classifier: finds the class of each word of a text, such as names of persons and places.
 * Texts longer than the model's maximum length are truncated at the end.
 *
 * <p>Safe for use by several threads; calls run one after the other. The caller closes it. Closing
 * waits for a call in progress, closing twice is harmless, and any use afterwards is an {@link
 * IllegalStateException}.
 */
public final class TokenClassifier implements AutoCloseable {

  private static final String OUTSIDE = "O";

  private final List<String> labels;
  private final TokenTagger tagger;
  private final SingleUse use;
  private final Optional<BioesDecoder> decoder;

  /**
   * A word and its class.
   *
   * @param word the word
   * @param label its class; empty if the model did not read the word, because the text is too long
   *     or the tokenizer drops it
   * @param score probability of the class; 0 without one
   */
  public record WordLabel(String word, Optional<String> label, double score) {}

  /**
   * An entity: a span of a text that belongs to one class.
   *
   * @param type the class, without the prefix B- or I-
   * @param text the span's text
   * @param start index of its first character
   * @param end index after its last character
   * @param score mean probability of its tokens' classes
   */
  public record Entity(String type, String text, int start, int end, double score) {}

  /**
   * Biases of the transitions between BIOES labels, added to the log-probability of a path of
   * labels at each step. They move the operating point without training: a higher {@code
   * backgroundToStart} finds more, a higher {@code backgroundStay} less, and a higher {@code
   * insideToContinue} makes spans longer. Immutable.
   *
   * @param backgroundStay from O to O
   * @param backgroundToStart from O to B- or S-
   * @param insideToContinue from B- or I- to I-
   * @param insideToEnd from B- or I- to E-
   * @param endToBackground from E- or S- to O
   * @param endToStart from E- or S- to B- or S-
   */
  public record TransitionBiases(
      double backgroundStay,
      double backgroundToStart,
      double insideToContinue,
      double insideToEnd,
      double endToBackground,
      double endToStart) {

    /** No biases: the most probable path of valid labels. */
    public static final TransitionBiases NONE = new TransitionBiases(0, 0, 0, 0, 0, 0);

    /** Creates biases. Throws {@link IllegalArgumentException} if one is not a finite number. */
    public TransitionBiases {
      double sum =
          backgroundStay
              + backgroundToStart
              + insideToContinue
              + insideToEnd
              + endToBackground
              + endToStart;
      if (!Double.isFinite(sum)) {
        throw new IllegalArgumentException("biases: expected finite numbers");
      }
    }

    /**
     * Reads an operating point of a file.
     *
     * @param file a file such as a model folder's {@code viterbi_calibration.json}
     * @param operatingPoint its name, such as {@code default}
     * @return the biases
     * @throws io.adapt4j.core.exception.CheckpointException if the file is missing or malformed, or
     *     has no such operating point
     */
    public static TransitionBiases read(Path file, String operatingPoint) {
      BioesBiases biases = ViterbiCalibration.read(file, operatingPoint);
      return new TransitionBiases(
          biases.backgroundStay(),
          biases.backgroundToStart(),
          biases.insideToContinue(),
          biases.insideToEnd(),
          biases.endToBackground(),
          biases.endToStart());
    }

    private BioesBiases values() {
      return new BioesBiases(
          backgroundStay,
          backgroundToStart,
          insideToContinue,
          insideToEnd,
          endToBackground,
          endToStart);
    }
  }

  private TokenClassifier(
      List<String> labels, TokenTagger tagger, SingleUse use, Optional<BioesDecoder> decoder) {
    this.labels = labels;
    this.tagger = tagger;
    this.use = use;
    this.decoder = decoder;
  }

  private TokenClassifier(LoadedEncoder model, Optional<BioesBiases> stored) {
    this.labels = labels(model.encoder());
    boolean usual = model.encoder().modelConfig().modelType().equals("openai_privacy_filter");
    this.decoder =
        stored
            .or(() -> usual ? Optional.of(BioesBiases.NONE) : Optional.empty())
            .flatMap(biases -> BioesDecoder.of(labels, biases));
    int maxTokens =
        LoadedEncoder.maxTokens(model.encoder(), model.tokenizer(), OptionalInt.empty());
    this.tagger = new TokenTagger(model.encoder(), model.tokenizer(), maxTokens);
    this.use = new SingleUse("TokenClassifier", model::close);
  }

  /**
   * Loads a model in {@link Precision#AUTO}.
   *
   * @param source location of the model
   * @param adapters adapters to apply, in this order; may be empty
   * @return the model, closed by the caller
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the configuration is missing or
   *     malformed, or names no output that scores classes of tokens, or if the weights do not match
   *     it, or if there is no tokenizer that can be used
   * @throws IllegalArgumentException if an adapter does not fit, with every reason
   */
  public static TokenClassifier load(ModelSource source, Adapter... adapters) {
    return load(source, Precision.AUTO, adapters);
  }

  /**
   * Loads a model in a given precision, otherwise as {@link #load(ModelSource, Adapter...)}.
   *
   * @param precision data type of weights and computation
   * @return the model, closed by the caller
   */
  public static TokenClassifier load(ModelSource source, Precision precision, Adapter... adapters) {
    return load(source, WeightFormat.asStored(), precision, adapters);
  }

  /**
   * Loads a model with its linear weights in a given format, such as 4 bits, and everything else,
   * including the classifier, in a given precision; otherwise as {@link #load(ModelSource,
   * Adapter...)}.
   *
   * @param weights format of the weights of the linear layers inside the transformer layers
   * @param precision data type of computation and of all other weights
   * @return the model, closed by the caller
   */
  public static TokenClassifier load(
      ModelSource source, WeightFormat weights, Precision precision, Adapter... adapters) {
    Path folder = source.folder();
    Path calibration = folder.resolve(ViterbiCalibration.FILE);
    Optional<BioesBiases> biases =
        Files.exists(calibration)
            ? Optional.of(ViterbiCalibration.read(calibration, "default"))
            : Optional.empty();
    return new TokenClassifier(
        LoadedEncoder.load(
            folder,
            precision,
            weights,
            AdapterMechanics.of(List.of(adapters)),
            (encoder, tokenizer) -> requireUsable(encoder, biases)),
        biases);
  }

  /**
   * Returns a view of this classifier that finds entities as the most probable path of valid BIOES
   * labels, with biases of their transitions. OpenAI's privacy filter is loaded that way, and any
   * classifier whose folder has a {@code viterbi_calibration.json}: with that file's operating
   * point {@code default}. Closing either closes both.
   *
   * @param biases the biases, such as {@link TransitionBiases#NONE}
   * @return the view
   * @throws IllegalStateException if the labels are not O and, for each category, B-, I-, E- and S-
   */
  public TokenClassifier withTransitions(TransitionBiases biases) {
    BioesDecoder own =
        BioesDecoder.of(labels, biases.values())
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "labels: expected O and, for each category, B-, I-, E- and S-, found "
                            + labels
                            + ". Use entities(text) without transitions."));
    return new TokenClassifier(labels, tagger, use, Optional.of(own));
  }

  private static List<String> labels(Encoder encoder) {
    return ClassNames.of(encoder.modelConfig(), encoder.classes());
  }

  private static void requireUsable(Encoder encoder, Optional<BioesBiases> biases) {
    if (!encoder.classifiesTokens()) {
      throw encoder
          .modelConfig()
          .fields()
          .invalid(
              "architectures",
              "a class that ends in ForTokenClassification",
              "The model does not classify tokens; fine-tune it for that first.");
    }
    List<String> labels = labels(encoder);
    if (biases.isPresent() && BioesDecoder.of(labels, biases.get()).isEmpty()) {
      throw encoder
          .modelConfig()
          .fields()
          .invalid(
              "id2label",
              "O and, for each category, B-, I-, E- and S-, for the transitions in "
                  + ViterbiCalibration.FILE,
              "Correct the labels, or remove that file.");
    }
  }

  /**
   * Classifies each word by its first token.
   *
   * @param words the words of a text, at least one, none empty
   * @return one result per word, in their order
   */
  public List<WordLabel> tagWords(List<String> words) {
    Texts.requireAll("words", words);
    Words text = Words.of(words);
    TokenTagger.Tagged tagged = use.call(() -> tagger.tag(text.text()));
    List<WordLabel> found = new ArrayList<>();
    words.forEach(word -> found.add(new WordLabel(word, Optional.empty(), 0)));
    int[] first = text.firstTokens(tagged.encoding());
    for (int i = 0; i < first.length; i++) {
      if (first[i] >= 0) {
        String label = labels.get(tagged.labels()[i]);
        found.set(
            first[i], new WordLabel(words.get(first[i]), Optional.of(label), tagged.scores()[i]));
      }
    }
    return List.copyOf(found);
  }

  /**
   * Finds the entities of a text: adjacent tokens of a class other than {@code O}, split where a
   * class begins with B-. All tokens of a word have the class of its first. {@linkplain
   * #withTransitions With transitions} instead the spans of the most probable valid labels, without
   * white space around them.
   *
   * @param text the text
   * @return the entities, in the order of the text
   */
  public List<Entity> entities(String text) {
    Texts.require("text", text);
    return entities(text, use.call(() -> tagger.tag(text, decoder)));
  }

  /**
   * Finds the entities of a text of any length, otherwise as {@link #entities}. A text that is
   * longer than the model's maximum length, or than 8,192 tokens, is read in windows that overlap
   * by a quarter.
   *
   * @param text the text
   * @return the entities, in the order of the text
   */
  public List<Entity> allEntities(String text) {
    Texts.require("text", text);
    return entities(text, use.call(() -> tagger.tagAll(text, decoder)));
  }

  private List<Entity> entities(String text, TokenTagger.Tagged tagged) {
    return tagged
        .spans()
        .map(spans -> ofSpans(text, tagged, spans))
        .orElseGet(() -> ofLabels(text, tagged));
  }

  private static List<Entity> ofSpans(
      String text, TokenTagger.Tagged tagged, List<BioesDecoder.Span> spans) {
    List<Entity> found = new ArrayList<>();
    for (BioesDecoder.Span span : spans) {
      Entity whole = entity(text, tagged, span.category(), span.from(), span.to());
      int start = whole.start();
      int end = whole.end();
      while (start < end && Character.isWhitespace(text.charAt(start))) {
        start++;
      }
      while (end > start && Character.isWhitespace(text.charAt(end - 1))) {
        end--;
      }
      if (start < end) {
        found.add(new Entity(whole.type(), text.substring(start, end), start, end, whole.score()));
      }
    }
    return List.copyOf(found);
  }

  private List<Entity> ofLabels(String text, TokenTagger.Tagged tagged) {
    Encoding tokens = tagged.encoding();
    List<String> names = names(text, tagged);
    List<Entity> found = new ArrayList<>();
    int from = -1;
    for (int i = 0; i <= tokens.length(); i++) {
      boolean inside = i < tokens.length() && isPart(tokens, i, names.get(i));
      boolean goesOn = inside && from >= 0 && continues(names, i);
      if (from >= 0 && !goesOn) {
        found.add(entity(text, tagged, type(names.get(from)), from, i));
      }
      from = inside ? (goesOn ? from : i) : -1;
    }
    return List.copyOf(found);
  }

  /** Returns the class of each token; later tokens of a word continue the class of its first. */
  private List<String> names(String text, TokenTagger.Tagged tagged) {
    Encoding tokens = tagged.encoding();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < tokens.length(); i++) {
      String own = labels.get(tagged.labels()[i]);
      boolean later = i > 0 && isSameWord(text, tokens, i);
      String first = later ? names.get(i - 1) : own;
      names.add(later && first.startsWith("B-") ? "I-" + first.substring(2) : first);
    }
    return names;
  }

  private static boolean isSameWord(String text, Encoding tokens, int token) {
    int start = tokens.starts()[token];
    if (start >= tokens.ends()[token]) {
      return false;
    }
    boolean inside = tokens.continuesPiece(token);
    boolean sameCharacter = inside && start < tokens.ends()[token - 1];
    // A word whose first token is the space before it.
    boolean afterSpace =
        inside
            && text.charAt(start) != ' '
            && text.substring(tokens.starts()[token - 1], start).equals(" ");
    return sameCharacter || afterSpace || isInsideWord(text, tokens, token);
  }

  private static boolean isInsideWord(String text, Encoding tokens, int token) {
    int start = tokens.starts()[token];
    return start > 0
        && tokens.ends()[token - 1] == start
        && Character.isLetterOrDigit(text.charAt(start - 1))
        && Character.isLetterOrDigit(text.charAt(start));
  }

  private static boolean isPart(Encoding tokens, int token, String name) {
    return !tokens.special()[token] && !name.equals(OUTSIDE);
  }

  private static boolean continues(List<String> names, int token) {
    String name = names.get(token);
    return type(name).equals(type(names.get(token - 1))) && !name.startsWith("B-");
  }

  private static String type(String label) {
    return label.startsWith("B-") || label.startsWith("I-") ? label.substring(2) : label;
  }

  private static Entity entity(
      String text, TokenTagger.Tagged tagged, String type, int from, int to) {
    int start = tagged.encoding().starts()[from];
    int end = tagged.encoding().ends()[to - 1];
    double sum = 0;
    for (int i = from; i < to; i++) {
      sum += tagged.scores()[i];
    }
    return new Entity(type, text.substring(start, end).strip(), start, end, sum / (to - from));
  }

  /**
   * Returns the names of the classes.
   *
   * @return an immutable list, in the model's order
   */
  public List<String> labels() {
    return labels;
  }

  /** Frees the model's memory, waiting for a call in progress. */
  @Override
  public void close() {
    use.close();
  }
}
