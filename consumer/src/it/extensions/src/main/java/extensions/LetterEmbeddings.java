package extensions;

import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.List;

/** Vectors that count letters: near for texts of the same letters. */
public final class LetterEmbeddings implements TextEmbeddings {

  private static final int LETTERS = 26;

  @Override
  public String identity() {
    return "letters a to z";
  }

  @Override
  public int dimension() {
    return LETTERS;
  }

  @Override
  public List<float[]> passages(List<String> texts) {
    return texts.stream().map(this::query).toList();
  }

  @Override
  public float[] query(String text) {
    float[] vector = new float[LETTERS];
    text.toLowerCase()
        .chars()
        .filter(letter -> letter >= 'a' && letter <= 'z')
        .forEach(letter -> vector[letter - 'a']++);
    double squares = 1e-9;
    for (float count : vector) {
      squares += count * count;
    }
    for (int i = 0; i < LETTERS; i++) {
      vector[i] /= (float) Math.sqrt(squares);
    }
    return vector;
  }
}
