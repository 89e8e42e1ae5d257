package io.adapt4j.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.TokenLogprobs;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.internal.answer.AnswerPool;
import io.adapt4j.serve.internal.answer.Envelope;
import io.adapt4j.serve.internal.answer.Piece;
import io.adapt4j.serve.internal.answer.Recording;
import io.adapt4j.serve.internal.answer.Reply;
import io.adapt4j.serve.internal.chat.Messages;
import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.http.Usage;
import io.adapt4j.serve.internal.model.Models;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Answers questions from documents: {@code /v1/rag/ask}. */
record AskEndpoint(Models models, AnswerPool answering, Optional<AnswerRecorder> recorder)
    implements Endpoint {

  private static final String QUESTION = "question";

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    String name = parameters.text("model");
    QuestionAnswering answers = models.questionAnswering(name, QuestionAnswering.class);
    call.asks(name);
    boolean isQuestion = parameters.value(QUESTION).isPresent();
    List<ChatMessage> conversation =
        isQuestion
            ? List.of(ChatMessage.user(parameters.text(QUESTION)))
            : Messages.read(parameters);
    boolean streams = parameters.flag("stream");
    Recording recording = Recording.read(recorder, call, choice -> conversation, parameters);
    parameters.ignore("user");
    parameters.requireNoOthers();
    AnswerPool.Job<GroundedAnswer> job =
        (onText, cancellation) -> answers.answer(conversation, onText, cancellation);
    Envelope envelope = Envelope.of("rag-", call, false);
    Reply<GroundedAnswer> reply = new AnswerReply(call, envelope, streams, recording);
    String prompt = isQuestion ? QUESTION : "messages";
    List<GroundedAnswer> all = answering.write(call, List.of(job), reply, prompt);
    Usage usage = usage(all.get(0)).orElse(new Usage(0, 0));
    call.took(usage);
    reply.end(all, usage);
  }

  private static Optional<Usage> usage(GroundedAnswer answer) {
    return answer.usage().map(tokens -> new Usage(tokens.promptTokens(), tokens.newTokens()));
  }

  private static ObjectNode json(Envelope envelope, GroundedAnswer answer) {
    ObjectNode json = envelope.json("rag.answer");
    json.put("answer", answer.text());
    json.put("answerable", answer.answerable()).put("checked", answer.checked());
    ArrayNode citations = json.putArray("citations");
    for (GroundedAnswer.Citation citation : answer.citations()) {
      ObjectNode entry = citations.addObject().put("number", citation.number());
      entry.put("document_id", citation.documentId()).put("title", citation.title());
      entry.put("start", citation.start()).put("end", citation.end());
      entry.put("text", citation.text()).put("score", citation.score());
      entry.put("verified", citation.verified());
      ArrayNode quotes = entry.putArray("quotes");
      for (GroundedAnswer.Quote quote : citation.quotes()) {
        quotes.addObject().put("start", quote.start()).put("end", quote.end());
      }
    }
    ArrayNode unknown = json.putArray("unknown_citations");
    answer.unknownCitations().forEach(unknown::add);
    usage(answer).ifPresent(usage -> json.set("usage", usage.json()));
    return json;
  }

  /** Writes the text as events and the whole answer as the last one, or only the answer. */
  private static final class AnswerReply extends Reply<GroundedAnswer> {
    private final Envelope envelope;
    private final Recording recording;

    AnswerReply(Call call, Envelope envelope, boolean streams, Recording recording) {
      super(call, streams);
      this.envelope = envelope;
      this.recording = recording;
    }

    @Override
    public void piece(int choice, Piece piece) throws IOException {
      if (streams()) {
        send(envelope.json("rag.answer.chunk").put("delta", piece.text()));
      }
    }

    @Override
    public void last(int choice, GroundedAnswer answer, List<TokenLogprobs> rest)
        throws IOException {
      recording.record(envelope.id(), choice, answer.text());
      if (streams()) {
        send(json(envelope, answer));
      } else {
        call().keep(choice, answer.text());
      }
    }

    @Override
    public void end(List<GroundedAnswer> answers, Usage usage) throws IOException {
      if (streams()) {
        endEvents();
      } else {
        endWithObject(json(envelope, answers.get(0)));
      }
    }
  }
}
