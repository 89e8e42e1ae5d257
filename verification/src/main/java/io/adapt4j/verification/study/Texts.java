package io.adapt4j.verification.study;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Texts about villages: sentences, documents, questions. */
final class Texts {

  private Texts() {}

  /** Returns paraphrases of a fact; each list begins with the shorter lists. */
  static List<String> paraphrases(Village village, Relation relation, int count, long seed) {
    List<Integer> order =
        new ArrayList<>(IntStream.range(0, relation.paraphrases()).boxed().toList());
    Collections.shuffle(
        order, new Random(seed + 31L * village.name().hashCode() + relation.name().hashCode()));
    return order.stream().limit(count).map(number -> relation.paraphrase(number, village)).toList();
  }

  /** Returns a document with all facts of a village, each in its first paraphrase. */
  static String document(Village village, long seed) {
    List<String> sentences = new ArrayList<>();
    for (Relation relation : Relation.values()) {
      sentences.addAll(paraphrases(village, relation, 1, seed));
    }
    return String.join(" ", sentences);
  }

  /** Returns a document with some facts of a village, in random paraphrases and order. */
  static String document(Village village, List<Relation> relations, Random random) {
    List<String> sentences = new ArrayList<>();
    for (Relation relation : relations) {
      sentences.add(relation.paraphrase(random.nextInt(relation.paraphrases()), village));
    }
    return String.join(" ", sentences);
  }

  /** Returns a question with its answer in the exam's format. */
  static String answered(String question, String answer) {
    return "Question: " + question + "\nAnswer: " + answer;
  }
}
