package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tokenize.Words;
import io.adapt4j.core.tokenize.Encoding;
import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Classifies the tokens of a text. Not thread safe; the caller closes encoder and tokenizer. */
public final class TokenTagger {

  /** Maximum length of a window: memory is bounded, and edges are far from most tokens. */
  private static final int WINDOW = 8192;

  private static final int WINDOWS_PER_OVERLAP = 4;

  private final Encoder encoder;
  private final Tokenizer tokenizer;
  private final int maxTokens;
  private final EncoderRunner runner;

  public TokenTagger(Encoder encoder, Tokenizer tokenizer, int maxTokens) {
    this.encoder = encoder;
    this.tokenizer = tokenizer;
    this.maxTokens = maxTokens;
    this.runner = new EncoderRunner(encoder, tokenizer.paddingId());
  }

  /** The tokens of a text with their classes and scores. */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  public record Tagged(
      Encoding encoding, int[] labels, double[] scores, Optional<List<BioesDecoder.Span>> spans) {}

  /** Tags a text, truncated at its end if it is too long; each token by itself. */
  public Tagged tag(String text) {
    return tag(text, Optional.empty());
  }

  /** Tags a text, truncated at its end if it is too long. */
  public Tagged tag(String text, Optional<BioesDecoder> decoder) {
    Encoding whole = tokenizer.encodeWithOffsets(text, true);
    return tag(whole.at(Words.within(whole, maxTokens)), maxTokens, decoder);
  }

  /** Tags a text of any length, in windows that overlap. */
  public Tagged tagAll(String text, Optional<BioesDecoder> decoder) {
    return tag(tokenizer.encodeWithOffsets(text, true), Math.min(maxTokens, WINDOW), decoder);
  }

  private Tagged tag(Encoding encoding, int window, Optional<BioesDecoder> decoder) {
    List<double[]> probabilities = probabilities(encoding, window);
    int[] labels = probabilities.stream().mapToInt(TokenTagger::mostProbable).toArray();
    Optional<List<BioesDecoder.Span>> spans =
        decoder.map(path -> decode(path, encoding, probabilities, labels));
    double[] scores =
        IntStream.range(0, labels.length)
            .mapToDouble(i -> probabilities.get(i)[labels[i]])
            .toArray();
    return new Tagged(encoding, labels, scores, spans);
  }

  private static int mostProbable(double[] probabilities) {
    int best = 0;
    for (int label = 1; label < probabilities.length; label++) {
      best = probabilities[label] > probabilities[best] ? label : best;
    }
    return best;
  }

  /** Replaces the labels of the text's own tokens by those of the best path. */
  private static List<BioesDecoder.Span> decode(
      BioesDecoder decoder, Encoding encoding, List<double[]> probabilities, int[] labels) {
    int[] own = places(encoding, false);
    int[] path = decoder.decode(Arrays.stream(own).mapToObj(probabilities::get).toList());
    for (int i = 0; i < own.length; i++) {
      labels[own[i]] = path[i];
    }
    return decoder.spans(path).stream()
        .map(
            span ->
                new BioesDecoder.Span(span.category(), own[span.from()], own[span.to() - 1] + 1))
        .toList();
  }

  private static int[] places(Encoding encoding, boolean special) {
    return IntStream.range(0, encoding.length())
        .filter(place -> encoding.special()[place] == special)
        .toArray();
  }

  private List<double[]> probabilities(Encoding encoding, int limit) {
    if (encoding.length() <= limit) {
      return window(encoding);
    }
    int[] own = places(encoding, false);
    int[] added = places(encoding, true);
    int width = Math.max(1, limit - added.length);
    int overlap = width / WINDOWS_PER_OVERLAP;
    List<double[]> all = new ArrayList<>(Arrays.asList(new double[encoding.length()][]));
    for (int from = 0; ; from += width - overlap) {
      int to = Math.min(own.length, from + width);
      int[] places = window(own, added, from, to);
      List<double[]> found = window(encoding.at(places));
      // The first half of an overlap is nearer to the middle of the window before.
      int kept = from == 0 ? 0 : own[from + overlap / 2];
      for (int i = 0; i < places.length; i++) {
        if (places[i] >= kept || encoding.special()[places[i]]) {
          all.set(places[i], found.get(i));
        }
      }
      if (to == own.length) {
        return all;
      }
    }
  }

  /** Returns the places of a window's tokens, and of those that the tokenizer adds to a text. */
  private static int[] window(int[] own, int[] added, int from, int to) {
    return IntStream.concat(Arrays.stream(own, from, to), Arrays.stream(added)).sorted().toArray();
  }

  private List<double[]> window(Encoding encoding) {
    int classes = encoder.classes();
    List<double[]> found = new ArrayList<>();
    runner.run(
        List.of(TokenSequence.of(0, encoding)),
        (ops, batch, hidden) -> {
          Tensor logits = encoder.classLogits(ops, hidden, batch.inputs().attentionMask());
          float[] values = logits.toFloats();
          for (int i = 0; i < encoding.length(); i++) {
            found.add(Softmax.of(Arrays.copyOfRange(values, i * classes, (i + 1) * classes)));
          }
        });
    return found;
  }
}
