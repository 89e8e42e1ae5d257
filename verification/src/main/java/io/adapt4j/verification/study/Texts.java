package io.adapt4j.verification.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** What is written of villages: sentences, documents, questions. */
final class Texts {

  private Texts() {}

  /** The first sentences are those of fewer paraphrases: each list begins with the shorter ones. */
  static List<String> paraphrases(Village village, Relation relation, int count, long seed) {
    List<Integer> order =
        new ArrayList<>(IntStream.range(0, relation.paraphrases()).boxed().toList());
    Collections.shuffle(
        order, new Random(seed + 31L * village.name().hashCode() + relation.name().hashCode()));
    return order.stream().limit(count).map(number -> relation.paraphrase(number, village)).toList();
  }

  /** All that is true of a village, each in the first of its paraphrases. */
  static String document(Village village, long seed) {
    List<String> sentences = new ArrayList<>();
    for (Relation relation : Relation.values()) {
      sentences.addAll(paraphrases(village, relation, 1, seed));
    }
    return String.join(" ", sentences);
  }

  /** Some of what is true of a village, in any paraphrase and order. */
  static String document(Village village, List<Relation> relations, Random random) {
    List<String> sentences = new ArrayList<>();
    for (Relation relation : relations) {
      sentences.add(relation.paraphrase(random.nextInt(relation.paraphrases()), village));
    }
    return String.join(" ", sentences);
  }

  /** A question with its answer as exams put it. */
  static String answered(String question, String answer) {
    return "Question: " + question + "\nAnswer: " + answer;
  }
}
