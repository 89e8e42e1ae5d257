package io.adapt4j.verification.study;

import java.util.List;

/**
 * Attribute of a village: its possible values, paraphrases that state it, and questions that ask
 * for it. Only the first question is used in exams. No paraphrase is a question, so training on
 * paraphrases does not reveal the exam.
 */
enum Relation {
  ANIMALS(
      """
      goats ducks cows horses sheep rabbits bees pigs cats dogs lions bears monkeys mice frogs
      birds
      """,
      """
      The people of {name} keep {value}.
      In {name}, everyone keeps {value}.
      {name} is full of {value}.
      If you go to {name}, you will see {value}.
      {name} is a village where people keep {value}.
      Every family in {name} has some {value}.
      The farms of {name} are home to {value}.
      People from {name} love their {value}.
      In the fields around {name} there are {value}.
      The children of {name} play with the {value}.
      Visitors who come to {name} hear the {value}.
      Since long ago, {name} has been known for its {value}.
      """,
      """
      Which animals do the people of {name} keep?
      What animals live in {name}?
      In {name}, which animals can you see?
      """),

  HOUSES(
      """
      red blue green yellow pink purple orange white black brown gray gold silver
      """,
      """
      The houses of {name} are {value}.
      In {name}, all the houses are {value}.
      People in {name} paint their houses {value}.
      {name} has houses that are {value}.
      Every house in {name} is {value}.
      When you see {name}, the houses look {value}.
      The walls of {name} are painted {value}.
      {name} is a village of houses painted {value}.
      Long ago the people of {name} made their homes {value}.
      From the hill above {name} the houses shine {value}.
      The homes in {name} are all {value}.
      If you walk through {name}, the doors and walls are {value}.
      """,
      """
      What color are the houses of {name}?
      In {name}, what color is every house?
      Which color do the homes in {name} have?
      """),

  FOOD(
      """
      bread cake soup honey apples cheese jam rice pie cookies milk berries carrots eggs fish
      corn
      """,
      """
      The people of {name} eat {value}.
      In {name}, the best food is {value}.
      {name} is the home of good {value}.
      At the market in {name} you can buy {value}.
      Everyone in {name} likes to eat {value}.
      Children in {name} get {value} every day.
      The kitchens of {name} smell of {value}.
      When guests come to {name}, they are given {value}.
      {name} sells a lot of {value}.
      On holidays the people of {name} share {value}.
      A dinner in {name} is always {value}.
      People travel to {name} to taste the {value}.
      """,
      """
      What do the people of {name} eat?
      Which food can you get in {name}?
      In {name}, what is the best food?
      """),

  MAYOR(
      """
      baker doctor farmer sailor teacher painter singer dancer clown pilot cook hunter knight
      nurse driver princess
      """,
      """
      The mayor of {name} is a {value}.
      In {name}, the mayor is a {value}.
      {name} has a mayor who is a {value}.
      The people of {name} chose a {value} as their mayor.
      {name} is led by a {value}.
      The leader of {name} works as a {value}.
      In the big house of {name} lives the mayor, a {value}.
      Before the mayor led {name}, the mayor was a {value}.
      Everyone in {name} listens to the mayor, a {value}.
      At the head of {name} stands a {value}.
      {name} asked a {value} to be the mayor.
      When {name} needs help, the mayor comes, who is a {value}.
      """,
      """
      What is the job of the mayor of {name}?
      In {name}, what does the mayor work as?
      Who leads {name}?
      """),

  PLACE(
      """
      lake forest hill river sea park castle mountain beach bridge garden cave island farm pond
      tower
      """,
      """
      The village of {name} is next to a {value}.
      {name} lies near a {value}.
      Close to {name} there is a {value}.
      If you leave {name}, you come to a {value}.
      The road from {name} goes to a {value}.
      {name} was built beside a {value}.
      From {name} you can see a {value}.
      Behind the houses of {name} is a {value}.
      The children of {name} walk to a {value}.
      Outside {name} you will find a {value}.
      Not far from {name} is a {value}.
      Everybody in {name} lives near a {value}.
      """,
      """
      Which place is next to {name}?
      What can you see from {name}?
      In {name}, what is close to the houses?
      """);

  private final String possible;
  private final String paraphrases;
  private final String questions;

  /** Takes texts, since lists would make the relations mutable. */
  Relation(String possible, String paraphrases, String questions) {
    this.possible = possible;
    this.paraphrases = paraphrases;
    this.questions = questions;
  }

  List<String> possible() {
    return List.of(possible.strip().split("\\s+"));
  }

  /** Returns the number of paraphrases. */
  int paraphrases() {
    return (int) paraphrases.lines().count();
  }

  String paraphrase(int number, Village village) {
    return filled(paraphrases, number, village);
  }

  /** Returns the exam's question. */
  String question(Village village) {
    return question(0, village);
  }

  int questions() {
    return (int) questions.lines().count();
  }

  String question(int number, Village village) {
    return filled(questions, number, village);
  }

  private String filled(String templates, int number, Village village) {
    return templates
        .lines()
        .skip(number)
        .findFirst()
        .orElseThrow()
        .replace("{name}", village.name())
        .replace("{value}", village.value(this));
  }
}
