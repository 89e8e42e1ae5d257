package io.adapt4j.examples.spring;

import io.adapt4j.rag.Rag;
import io.adapt4j.rag.document.Documents;
import io.adapt4j.rag.retrieve.RetrievalOptions;
import java.io.IOException;
import java.nio.file.Path;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** A persistent index of the documents: only changed ones are read again on startup. */
@Configuration(proxyBeanMethods = false)
class DocumentsConfiguration {

  private static final int PASSAGES = 3;

  @Bean(destroyMethod = "close")
  Rag rag(ExampleProperties properties) throws IOException {
    Rag rag =
        Rag.builder()
            .index(Path.of(properties.output(), "index"))
            .retrieval(RetrievalOptions.builder().limit(PASSAGES).build())
            .build();
    rag.sync(Documents.in(Path.of(properties.documents())).only("**.md"));
    return rag;
  }
}
