package io.adapt4j.eval.advise;

/** Sources of the rules. */
final class Sources {

  static final Source OVADIA =
      new Source(
          "Ovadia et al. 2024, Fine-Tuning or Retrieval? (EMNLP), abstract",
          "RAG beats unsupervised fine-tuning on knowledge, both known and new");
  static final Source OVADIA_WORDINGS =
      new Source(
          "Ovadia et al. 2024, Fine-Tuning or Retrieval? (EMNLP), abstract",
          "many variations of a fact in training make it easier to learn");
  static final Source GEKHMAN =
      new Source(
          "Gekhman et al. 2024, Does Fine-Tuning LLMs on New Knowledge Encourage Hallucinations?,"
              + " abstract",
          "facts that the model does not know are learned slowly and, once learned, make it"
              + " hallucinate more");
  static final Source LEWIS =
      new Source(
          "Lewis et al. 2020, Retrieval-Augmented Generation for Knowledge-Intensive NLP Tasks",
          "knowledge in an index can be replaced without training, and shows where an answer comes"
              + " from");
  static final Source OPENAI_ACCURACY =
      new Source(
          "OpenAI, Optimizing LLM Accuracy, LLM optimization context",
          "begin with prompts to get a baseline; missing or outdated knowledge asks for context,"
              + " inconsistent format, tone or reasoning for training the model");
  static final Source OPENAI_EXAMPLES =
      new Source(
          "OpenAI, Supervised fine-tuning, Right number of examples",
          "10 examples are the minimum; begin with 50 good ones and evaluate");
  static final Source OPENAI_PREFERENCE =
      new Source(
          "OpenAI, Direct preference optimization",
          "pairs of answers teach what is subjective, such as tone and style");
  static final Source MICROSOFT =
      new Source(
          "Microsoft Learn, Compare and combine optimization strategies",
          "prompts, RAG and fine-tuning are complementary: RAG for what the model knows,"
              + " fine-tuning for how it behaves");
  static final Source ANTHROPIC =
      new Source(
          "Anthropic 2024, Introducing Contextual Retrieval",
          "a knowledge base below 200,000 tokens can stand in the prompt as a whole");
  static final Source LIMA =
      new Source(
          "Zhou et al. 2023, LIMA: Less Is More for Alignment, abstract",
          "formats are learned from a handful of examples, a style of answering from 1,000 good"
              + " ones");
  static final Source CARLINI =
      new Source(
          "Carlini et al. 2021, Extracting Training Data from Large Language Models, abstract",
          "text that was trained on, personal data in it, can be got out of a model word by word");
  static final Source HU =
      new Source(
          "Hu et al. 2022, LoRA: Low-Rank Adaptation of Large Language Models, abstract",
          "10,000 times fewer trained values, a third of the memory and no slower answers");
  static final Source DETTMERS =
      new Source(
          "Dettmers et al. 2023, QLoRA: Efficient Finetuning of Quantized LLMs, abstract",
          "65 billion parameters train on one 48 GB GPU as well as in 16 bits");
  static final Source BIDERMAN_LEARNS =
      new Source(
          "Biderman et al. 2024, LoRA Learns Less and Forgets Less, abstract",
          "LoRA of low rank learns substantially less than full fine-tuning");
  static final Source BIDERMAN_FORGETS =
      new Source(
          "Biderman et al. 2024, LoRA Learns Less and Forgets Less, abstract",
          "LoRA keeps more of what the model could do before than full fine-tuning");
  static final Source RAFAILOV =
      new Source(
          "Rafailov et al. 2023, Direct Preference Optimization",
          "a model learns from pairs of answers without a reward model");
  static final Source ZHANG =
      new Source(
          "Zhang et al. 2024, RAFT: Adapting Language Model to Domain Specific RAG, abstract",
          "training on questions with retrieved documents teaches a model to pass over those that"
              + " do not help");
  static final Source MEASURED =
      new Source("Your own measurements", "what reaches the target does");

  private Sources() {}
}
