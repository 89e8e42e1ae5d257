package io.adapt4j.studio.internal.exam;

/** The stores of exams, of the trainings that they ask, and of what comes of them. */
public record ExamStores(
    Exams exams,
    ExamDrafts drafts,
    Trainings trainings,
    ExamResults results,
    Corrected corrected) {}
