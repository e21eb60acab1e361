// Six applicants of two tenants: each submits an application and gets a questionnaire; two complete it.

const people = {
  acme: ['ana', 'ben', 'cleo'],
  globex: ['dan', 'eve', 'fay'],
};
const completed = ['ben', 'eve'];

export const applicants = Object.entries(people).flatMap(([tenant, names]) =>
  names.map((applicant) => ({ tenant, applicant, completes: completed.includes(applicant) })),
);

export const submissions = applicants.flatMap(({ tenant, applicant }) => [
  event('application.submitted', { tenant, applicant, name: nameOf(applicant), opening: 'Engineer' }),
  event('stage.entered', { tenant, applicant, stage: 'Questionnaire' }),
]);

export const completions = applicants
  .filter(({ completes }) => completes)
  .map(({ tenant, applicant }) => event('stage.entered', { tenant, applicant, stage: 'Interview' }));

function event(type, data) {
  return { type, data, id: `${type}/${data.applicant}/${data.stage ?? ''}` };
}

function nameOf(applicant) {
  return applicant[0].toUpperCase() + applicant.slice(1);
}
