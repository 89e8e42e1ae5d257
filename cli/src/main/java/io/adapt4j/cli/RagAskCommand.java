package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.RagBuilder;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.answer.Citation;
import io.adapt4j.rag.embed.LocalEmbeddings;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Answers a question from an index. */
@Command(
    name = "ask",
    description =
        "Answers a question from an index, with the passages that the answer rests on; without a"
            + " model the answer is the passages.",
    mixinStandardHelpOptions = true)
final class RagAskCommand implements Callable<Integer> {

  @Mixin private RagFolder folder;
  @Mixin private ModelSetup setup;
  @Mixin private SamplingArguments sampling;
  @Mixin private Output output;

  @Parameters(paramLabel = "QUESTION", description = "The question.")
  private String question;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "The model that answers: a checkpoint folder, a GGUF file, or OWNER/NAME on a hub.")
  private @Nullable String model;

  @Option(
      names = "--passages",
      paramLabel = "N",
      defaultValue = "5",
      description = "Most passages to answer from; default ${DEFAULT-VALUE}.")
  private int passages;

  RagAskCommand() {}

  @Override
  public Integer call() throws IOException {
    folder.requireIndex();
    if (model == null && setup.hasAdapters()) {
      throw new IllegalArgumentException(
          "--adapter: expected --model beside it, found none. Name the model.");
    }
    RetrievalOptions.Builder retrieval = RetrievalOptions.builder();
    SamplingArguments.set("--passages", () -> retrieval.limit(passages));
    try (LocalEmbeddings embeddings = folder.embeddings()) {
      RagBuilder builder =
          Rag.builder()
              .index(folder.index())
              .embeddings(embeddings)
              .retrieval(retrieval.build())
              .answering(AnswerOptions.builder().generation(sampling.options()).build());
      if (model == null) {
        return ask(builder);
      }
      Path at = ModelArgument.folder("--model", model);
      try (LanguageModel generator = setup.load(at)) {
        return ask(builder.generator(generator));
      }
    }
  }

  private int ask(RagBuilder builder) throws IOException {
    try (Rag rag = RagFolder.open(builder, "--embedder")) {
      Answer answer = rag.ask(question);
      output.write(text(answer), json(answer));
      return answer.answerable() ? ExitCode.OK : ExitCode.FINDINGS;
    }
  }

  private String text(Answer answer) {
    StringBuilder text = new StringBuilder(answer.text().strip()).append('\n');
    if (model != null) {
      for (Citation citation : answer.citations()) {
        text.append(
            "\n[%d] %s, characters %d to %d%s\n"
                .formatted(
                    citation.number(),
                    citation.documentId(),
                    citation.span().start(),
                    citation.span().end(),
                    citation.verified() ? "" : " (changed since)"));
        citation.text().strip().lines().forEach(line -> text.append("    " + line + "\n"));
      }
      answer
          .unknownCitations()
          .forEach(number -> text.append("\n[" + number + "] is no source.\n"));
    }
    return text.toString();
  }

  private static ObjectNode json(Answer answer) {
    ObjectNode json =
        JsonNodeFactory.instance
            .objectNode()
            .put("text", answer.text())
            .put("answerable", answer.answerable())
            .put("checked", answer.checked());
    ArrayNode citations = json.putArray("citations");
    for (Citation citation : answer.citations()) {
      citations
          .addObject()
          .put("number", citation.number())
          .put("document", citation.documentId())
          .put("start", citation.span().start())
          .put("end", citation.span().end())
          .put("text", citation.text())
          .put("verified", citation.verified());
    }
    ArrayNode unknown = json.putArray("unknownCitations");
    answer.unknownCitations().forEach(unknown::add);
    return json;
  }
}
