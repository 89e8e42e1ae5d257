package io.adapt4j.rag.index;

import java.nio.file.Path;
import org.apache.lucene.analysis.Analyzer;

/** Options collected by {@link LuceneIndex.Builder}. */
record LuceneOptions(
    Path folder,
    String embeddings,
    int dimension,
    String analyzerName,
    Analyzer analyzer,
    Quantization quantization,
    int links,
    int buildBeam,
    int searchBeam,
    float k1,
    float b,
    CommitPolicy commit,
    double bufferMegabytes,
    Verification verification) {}
