package io.adapt4j.rag;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.DocumentSource;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.internal.answer.Answerer;
import io.adapt4j.rag.retrieve.Retrieval;
import io.adapt4j.rag.retrieve.Retriever;
import io.adapt4j.rag.retrieve.SimilarityCalibration;
import io.adapt4j.rag.spi.Filter;
import io.adapt4j.rag.spi.SearchIndex;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers questions from an application's documents.
 *
 * <p>Documents are split, embedded and stored in an index; a generator answers a question from the
 * passages found there, citing its sources. Without a generator, the answer consists of the
 * passages.
 *
 * <p>Thread-safe: documents can be added and deleted while questions are answered. Closing waits
 * for calls in progress and closes what the builder created; an index, embeddings or a generator
 * passed to it stay open. Any later use throws an {@link IllegalStateException}.
 */
public final class Rag implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Rag.class);

  private final RagParts parts;
  private final Ingestion ingestion;
  private final Retriever retriever;
  private final Answerer answerer;
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
  private boolean closed;

  Rag(RagParts parts) {
    this.parts = parts;
    this.ingestion = new Ingestion(parts.splitter(), parts.embeddings(), parts.index());
    this.retriever = Retriever.of(parts.index(), parts.embeddings(), parts.retrieval());
    this.answerer =
        parts
            .generator()
            .map(
                generator ->
                    Answerer.of(
                        parts.index(), retriever, generator, parts.budget(), parts.answering()))
            .orElseGet(() -> Answerer.extractive(parts.index(), retriever, parts.answering()));
  }

  /**
   * Creates a builder with MiniLM as embeddings, no generator, and no index, which must be set.
   *
   * @return a new builder
   */
  public static RagBuilder builder() {
    return new RagBuilder();
  }

  /**
   * Adds documents, replacing those with the same ids. After this returns, searches find them.
   * Documents are processed in batches; after a failure, the earlier batches stay stored.
   * Unreadable files are reported and the rest continues.
   *
   * <p>Interrupting the thread aborts with an {@link IllegalStateException} after the batch in
   * progress; the interrupt flag stays set, and {@link #sync} can add the rest.
   *
   * @param documents the documents, such as {@link io.adapt4j.rag.document.Documents#in}
   * @return counts of documents and chunks, and the files that gave none
   */
  public IngestReport add(DocumentSource documents) {
    Texts.require("documents", documents);
    return using(
        () -> {
          IngestReport report = ingestion.run(documents);
          LOG.debug("Added {}", report);
          return report;
        });
  }

  /**
   * Adds documents in memory, otherwise like {@link #add(DocumentSource)}.
   *
   * @param documents the documents
   * @return counts of documents and chunks
   */
  public IngestReport add(List<Document> documents) {
    return add(Documents.of(Texts.require("documents", documents)));
  }

  /**
   * Synchronizes the index with a source by content: new and changed documents are added, missing
   * ones are deleted, and the rest is neither split nor embedded again. Documents of temporarily
   * unreadable files are kept. Nothing is deleted if reading fails, or if the source has no
   * documents at all.
   *
   * @param documents all documents of the index
   * @return summary of the changes
   * @throws IllegalStateException if the source has no documents and the index has some, for
   *     example because a disk is not mounted; nothing is changed then
   */
  public IngestReport sync(DocumentSource documents) {
    return sync(documents, "");
  }

  /**
   * Synchronizes a part of the index, otherwise like {@link #sync(DocumentSource)}, so that several
   * sources can share an index.
   *
   * @param documents all documents of that part
   * @param prefix common prefix of their ids
   * @return summary of the changes
   * @throws IllegalArgumentException if a document's id does not begin with it
   * @throws IllegalStateException if the source has no documents and the index has some with the
   *     prefix; nothing is changed then
   */
  public IngestReport sync(DocumentSource documents, String prefix) {
    Texts.require("documents", documents);
    Texts.require("prefix", prefix);
    return using(
        () -> {
          IngestReport report = ingestion.sync(documents, prefix);
          LOG.debug("Synchronized {}", report);
          return report;
        });
  }

  /**
   * Adds new and changed documents like {@link #sync(DocumentSource)}, but deletes nothing.
   *
   * @return summary of the changes, with the indexed ids that the source lacks
   */
  public IngestReport update(DocumentSource documents) {
    Texts.require("documents", documents);
    return using(
        () -> {
          IngestReport report = ingestion.update(documents);
          LOG.debug("Updated {}", report);
          return report;
        });
  }

  /**
   * Removes documents. After this returns, no search finds them.
   *
   * @param ids their ids; unknown ones are ignored
   */
  public void delete(List<String> ids) {
    Texts.requireAll("ids", ids);
    using(
        () -> {
          parts.index().delete(ids);
          return ids;
        });
  }

  /**
   * Finds passages without generating an answer.
   *
   * @param question the question
   * @return the relevant passages
   * @throws IllegalArgumentException if the question is blank
   */
  public Retrieval search(String question) {
    Texts.require("question", question);
    return using(() -> retriever.retrieve(question));
  }

  /**
   * Finds passages in some of the documents.
   *
   * @param filter condition on documents
   * @return the relevant passages
   * @throws IllegalArgumentException if the question is blank
   */
  public Retrieval search(String question, Filter filter) {
    Texts.require("question", question);
    Texts.require("filter", filter);
    return using(() -> retriever.retrieve(question, Optional.of(filter)));
  }

  /**
   * Answers a question.
   *
   * @return the answer
   * @throws IllegalArgumentException if the question is blank, or the generator's context has no
   *     room for a source
   * @throws io.adapt4j.core.text.GeneratorException if the generator fails
   */
  public Answer ask(String question) {
    Texts.require("question", question);
    return ask(List.of(ChatMessage.user(question)));
  }

  /**
   * Answers a question from some of the documents, otherwise like {@link #ask(String)}.
   *
   * @return the answer
   */
  public Answer ask(String question, Filter filter) {
    return askStreaming(question, filter, text -> {});
  }

  /**
   * Answers the last message of a conversation. If there are earlier messages, the generator first
   * rewrites it as a standalone question, which is searched for and answered.
   *
   * @param conversation messages of the roles user and assistant, the last one the user's
   * @return the answer
   * @throws IllegalArgumentException if the last message is not the user's, or the generator's
   *     context has no room for a source
   * @throws io.adapt4j.core.text.GeneratorException if the generator fails
   */
  public Answer ask(List<ChatMessage> conversation) {
    Texts.requireAll("conversation", conversation);
    return askStreaming(conversation, text -> {});
  }

  /**
   * Answers a question and streams the text, otherwise like {@link #ask(String)}.
   *
   * @param onText receives the pieces of the text, on this thread
   * @return the answer
   */
  public Answer askStreaming(String question, Consumer<String> onText) {
    Texts.require("question", question);
    Texts.require("onText", onText);
    return askStreaming(List.of(ChatMessage.user(question)), onText);
  }

  /**
   * Answers the last message of a conversation and streams the text, otherwise like {@link
   * #ask(List)}.
   *
   * @param conversation messages of the roles user and assistant, the last one the user's
   * @return the answer
   */
  public Answer askStreaming(List<ChatMessage> conversation, Consumer<String> onText) {
    Texts.requireAll("conversation", conversation);
    Texts.require("onText", onText);
    return answer(conversation, Optional.empty(), onText, new CancellationToken());
  }

  /**
   * Answers a question from some of the documents and streams the text.
   *
   * @return the answer
   */
  public Answer askStreaming(String question, Filter filter, Consumer<String> onText) {
    Texts.require("question", question);
    Texts.require("filter", filter);
    return askStreaming(
        List.of(ChatMessage.user(question)), Optional.of(filter), onText, new CancellationToken());
  }

  /**
   * Answers a question and streams the text until it is canceled, for example because the client
   * has disconnected.
   *
   * @param cancellation ends the answer; may be used from any thread
   * @return the answer; if canceled, with the text so far, and not answerable if there is none
   */
  public Answer askStreaming(
      String question, Consumer<String> onText, CancellationToken cancellation) {
    Texts.require("question", question);
    return askStreaming(
        List.of(ChatMessage.user(question)), Optional.empty(), onText, cancellation);
  }

  /**
   * Answers the last message of a conversation from some of the documents and streams the text
   * until it is canceled. A local generator stops after the current token; a remote one at its next
   * piece.
   *
   * @param filter condition on documents; empty for all
   * @return the answer; if canceled, with the text so far, and not answerable if there is none
   */
  public Answer askStreaming(
      List<ChatMessage> conversation,
      Optional<Filter> filter,
      Consumer<String> onText,
      CancellationToken cancellation) {
    Texts.requireAll("conversation", conversation);
    Texts.require("filter", filter);
    Texts.require("onText", onText);
    Texts.require("cancellation", cancellation);
    return answer(conversation, filter, onText, cancellation);
  }

  void requireRoom() {
    answerer.requireRoom();
  }

  private Answer answer(
      List<ChatMessage> conversation,
      Optional<Filter> filter,
      Consumer<String> onText,
      CancellationToken cancellation) {
    return using(
        () -> {
          Answer answer = answerer.answer(conversation, filter, onText, cancellation);
          LOG.debug(
              "Answered: {} cited, answerable {}; {}",
              answer.citations().size(),
              answer.answerable(),
              answer.trace().summary());
          parts.listeners().forEach(listener -> listener.answered(answer.trace()));
          return answer;
        });
  }

  /**
   * Proposes a threshold for {@code RetrievalOptions.minimumSimilarity} on the current index, with
   * its error rates, using {@link SimilarityCalibration}.
   *
   * @param answerable questions that the documents answer, at least {@value
   *     SimilarityCalibration#MIN_QUESTIONS}; if empty, words of the index's own chunks are used,
   *     which is less accurate
   * @return the proposal
   * @throws IllegalArgumentException if there are too few questions
   * @throws IllegalStateException if the index holds too little
   */
  public SimilarityCalibration calibrate(List<String> answerable) {
    Texts.requireAll("answerable", answerable);
    return using(
        () ->
            answerable.isEmpty()
                ? SimilarityCalibration.of(parts.index(), parts.embeddings())
                : SimilarityCalibration.of(parts.index(), parts.embeddings(), answerable));
  }

  /**
   * Proposes a threshold like {@link #calibrate(List)}, on questions of both kinds.
   *
   * @param answerable questions that the documents answer
   * @param offSubject questions that they should not answer
   * @return the proposal
   * @throws IllegalArgumentException if there are fewer than {@value
   *     SimilarityCalibration#MIN_QUESTIONS} of a kind
   * @throws IllegalStateException if the index holds nothing
   */
  public SimilarityCalibration calibrate(List<String> answerable, List<String> offSubject) {
    Texts.requireAll("answerable", answerable);
    Texts.requireAll("offSubject", offSubject);
    return using(
        () -> SimilarityCalibration.of(parts.index(), parts.embeddings(), answerable, offSubject));
  }

  /**
   * Returns this Rag as a generator whose answers are the texts of {@link #ask(List)}, with their
   * citations, to be evaluated beside others. It uses its own generation options.
   *
   * @param identity its identity: index, options and generator
   * @return the generator, usable until this is closed
   * @throws IllegalArgumentException if the identity is blank
   */
  public TextGenerator asGenerator(String identity) {
    return TextGenerator.named(identity, new Generator(this));
  }

  private record Generator(Rag rag) implements TextGenerator {

    @Override
    public GeneratedText generate(List<ChatMessage> messages, GenerationOptions options) {
      return GeneratedText.of(rag.ask(messages).text());
    }

    @Override
    public boolean retrieves() {
      return true;
    }
  }

  /** {@return the index, for example to list its content} */
  public SearchIndex index() {
    return parts.index();
  }

  private <T> T using(Supplier<T> action) {
    lock.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("This Rag has been closed");
      }
      return action.get();
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * Waits for calls in progress and closes what the builder created. Closing twice is harmless.
   *
   * @throws IllegalStateException if called from within such a call, that is from a consumer of an
   *     answer's text
   */
  @Override
  public void close() {
    if (lock.getReadHoldCount() > 0) {
      throw new IllegalStateException(
          "A Rag cannot be closed from its own callback; close it when the call has returned");
    }
    lock.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        parts.close();
      }
    } finally {
      lock.writeLock().unlock();
    }
  }
}
