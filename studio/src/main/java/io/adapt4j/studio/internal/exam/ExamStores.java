package io.adapt4j.studio.internal.exam;

/** The stores of exams, of the trainings that they ask, and of their results. */
public record ExamStores(
    Exams exams,
    ExamDrafts drafts,
    Trainings trainings,
    ExamResults results,
    ExamClusters clusters,
    Corrected corrected) {}
